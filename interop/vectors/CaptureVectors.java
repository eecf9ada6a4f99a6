import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.zip.Adler32;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.MultiOperationRecord;
import org.apache.zookeeper.MultiResponse;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.common.PathUtils;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.ClientInfo;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.data.StatPersisted;
import org.apache.zookeeper.proto.*;
import org.apache.zookeeper.server.DataTree;
import org.apache.zookeeper.server.EphemeralType;
import org.apache.zookeeper.server.persistence.FileHeader;
import org.apache.zookeeper.server.persistence.FileSnap;
import org.apache.zookeeper.server.persistence.FileTxnLog;
import org.apache.zookeeper.server.persistence.Util;
import org.apache.zookeeper.server.quorum.FastLeaderElection;
import org.apache.zookeeper.server.quorum.LearnerInfo;
import org.apache.zookeeper.server.quorum.QuorumAuthPacket;
import org.apache.zookeeper.server.quorum.QuorumCnxManager;
import org.apache.zookeeper.server.quorum.QuorumPacket;
import org.apache.zookeeper.server.quorum.auth.QuorumAuth;
import org.apache.zookeeper.txn.*;

/**
 * Encodes every record of ZooKeeper's protocols and files with Apache's own classes and prints one line for each:
 * its name, a tab, its bytes in hexadecimal. The values set here are repeated in the tests of the protocol package.
 */
public final class CaptureVectors {
    private static final byte[] DATA = {1, 2, 3, 0, (byte) 0xff};
    private static final byte[] EMPTY = {};
    private static final byte[] PASSWORD = new byte[16];
    private static final long SESSION = 0x100123456789abcL;
    private static final long NEGATIVE_SESSION = 0xff12345678abcdefL;
    private static final long ZXID = 0x500000007L;
    private static final long TIME = 1700000000123L;
    private static final String PATH = "/a/b";
    private static final String WIDE_PATH = "/größe/日本";
    private static final List<ACL> OPEN = List.of(new ACL(31, new Id("world", "anyone")));
    private static final List<ACL> TWO =
        List.of(new ACL(1, new Id("world", "anyone")), new ACL(31, new Id("digest", "user:hash=")));
    private static final Stat STAT =
        new Stat(0x500000001L, 0x500000002L, TIME, TIME + 1, 3, 4, 5, SESSION, 6, 7, 0x500000003L);
    private static final StatPersisted STORED =
        new StatPersisted(0x500000001L, 0x500000002L, TIME, TIME + 1, 3, 4, 5, Long.MIN_VALUE, 0x500000003L);
    private static final String CONFIG = "server.1=127.0.0.1:2888:3888:participant\nversion=100000000";

    static {
        for (int i = 0; i < PASSWORD.length; i++) {
            PASSWORD[i] = (byte) (i * 16);
        }
    }

    private CaptureVectors() {
    }

    public static void main(String[] args) throws Exception {
        client();
        multi();
        txns();
        quorum();
        election();
        storage();
        paths();
        owners();
    }

    private static void client() throws IOException {
        emit("Stat", STAT);
        emit("Stat/negative", new Stat(0, -1, 0, 0, -1, -2, Integer.MIN_VALUE, NEGATIVE_SESSION, 0, 0, 0x1fffffffffffffL));
        emit("StatPersisted", STORED);
        emit("Id", new Id("digest", "user:hash="));
        emit("ACL", TWO.get(1));
        emit("vector<Id>", vector(List.of(new Id("ip", "127.0.0.1"), new Id("", ""))));
        emit("vector<ACL>", vector(TWO));
        emit("vector<ACL>/empty", vector(List.of()));
        emit("ClientInfo", new ClientInfo("ip", "127.0.0.1"));

        // The classes of 3.8 lack the flag: client and server of that version append it, too.
        byte[] yes = {1};
        byte[] no = {0};
        emit("ConnectRequest", concat(bytes(new ConnectRequest(0, ZXID, 30000, SESSION, PASSWORD)), yes));
        emit("ConnectRequest/new", concat(bytes(new ConnectRequest(0, 0, 4000, 0, PASSWORD)), no));
        emit("ConnectRequest/3.3", new ConnectRequest(0, 0, 4000, 0, null));
        emit("ConnectResponse", concat(bytes(new ConnectResponse(0, 30000, NEGATIVE_SESSION, PASSWORD)), no));
        emit("ConnectResponse/3.3", new ConnectResponse(0, 0, 0, PASSWORD));
        emit("RequestHeader", new RequestHeader(7, OpCode.getData));
        emit("RequestHeader/ping", new RequestHeader(-2, OpCode.ping));
        emit("ReplyHeader", new ReplyHeader(7, ZXID, 0));
        emit("ReplyHeader/notification", new ReplyHeader(-1, -1, 0));
        emit("ReplyHeader/error", new ReplyHeader(8, ZXID, -101));
        emit("WatcherEvent", new WatcherEvent(4, 3, WIDE_PATH));
        emit("MultiHeader", new MultiHeader(OpCode.create, false, -1));
        emit("MultiHeader/end", new MultiHeader(-1, true, -1));

        emit("CreateRequest", new CreateRequest(WIDE_PATH, DATA, TWO, 3));
        emit("CreateRequest/null data", new CreateRequest("/", null, OPEN, 0));
        emit("CreateRequest/null acl", new CreateRequest("", EMPTY, null, -1));
        emit("CreateTTLRequest", new CreateTTLRequest(PATH, DATA, OPEN, 6, 0xffffffffffL));
        emit("CreateTTLRequest/negative", new CreateTTLRequest(PATH, DATA, OPEN, 5, Long.MIN_VALUE));
        emit("DeleteRequest", new DeleteRequest(PATH, -1));
        emit("CheckVersionRequest", new CheckVersionRequest(PATH, 9));
        emit("DeleteContainerRequest/3.8", PATH.getBytes(StandardCharsets.UTF_8));
        emit("ExistsRequest", new ExistsRequest(PATH, true));
        emit("GetDataRequest", new GetDataRequest(WIDE_PATH, false));
        emit("GetChildrenRequest", new GetChildrenRequest(PATH, true));
        emit("GetChildren2Request", new GetChildren2Request(PATH, false));
        emit("GetACLRequest", new GetACLRequest(PATH));
        emit("SyncRequest", new SyncRequest(PATH));
        emit("GetAllChildrenNumberRequest", new GetAllChildrenNumberRequest(PATH));
        emit("SetDataRequest", new SetDataRequest(PATH, DATA, 3));
        emit("SetDataRequest/null data", new SetDataRequest(PATH, null, -1));
        emit("SetACLRequest", new SetACLRequest(PATH, TWO, 2));
        emit("ReconfigRequest", new ReconfigRequest("server.4=h:1:2;3", "1,2", null, -1));
        emit("ReconfigRequest/members", new ReconfigRequest(null, null, "server.1=h:1:2;3", 0x100000000L));
        emit("CheckWatchesRequest", new CheckWatchesRequest(PATH, 3));
        emit("RemoveWatchesRequest", new RemoveWatchesRequest(PATH, 1));
        emit("AddWatchRequest", new AddWatchRequest(PATH, 1));
        emit("SetWatches", new SetWatches(ZXID, List.of("/d", "/e"), List.of(), List.of("/c")));
        emit("SetWatches/null", new SetWatches(0, null, null, null));
        emit("SetWatches2",
            new SetWatches2(ZXID, List.of("/d"), List.of("/e"), List.of("/c"), List.of("/p"), List.of("/r", WIDE_PATH)));
        emit("GetEphemeralsRequest", new GetEphemeralsRequest("/a"));
        emit("GetEphemeralsRequest/null", new GetEphemeralsRequest(null));
        emit("AuthPacket", new AuthPacket(0, "digest", "user:password".getBytes(StandardCharsets.UTF_8)));
        emit("GetSASLRequest", new GetSASLRequest(DATA));
        emit("SetSASLResponse", new SetSASLResponse(null));

        emit("CreateResponse", new CreateResponse("/a/b0000000007"));
        emit("SyncResponse", new SyncResponse(PATH));
        emit("Create2Response", new Create2Response("/a/b0000000007", STAT));
        emit("ExistsResponse", new ExistsResponse(STAT));
        emit("SetDataResponse", new SetDataResponse(STAT));
        emit("SetACLResponse", new SetACLResponse(STAT));
        emit("GetDataResponse", new GetDataResponse(DATA, STAT));
        emit("GetDataResponse/null data", new GetDataResponse(null, STAT));
        emit("GetDataResponse/empty data", new GetDataResponse(EMPTY, STAT));
        emit("GetACLResponse", new GetACLResponse(TWO, STAT));
        emit("GetChildrenResponse", new GetChildrenResponse(List.of("a", "größe", "日本")));
        emit("GetChildrenResponse/empty", new GetChildrenResponse(List.of()));
        emit("GetChildren2Response", new GetChildren2Response(List.of("a"), STAT));
        emit("GetAllChildrenNumberResponse", new GetAllChildrenNumberResponse(123456789));
        emit("GetEphemeralsResponse", new GetEphemeralsResponse(List.of("/a", "/b")));
        emit("WhoAmIResponse",
            new WhoAmIResponse(List.of(new ClientInfo("ip", "127.0.0.1"), new ClientInfo("digest", "user"))));
        emit("ErrorResponse", new ErrorResponse(-121));
    }

    private static void multi() throws IOException {
        emit("MultiOperationRecord",
            new MultiOperationRecord(List.of(
                Op.create(PATH, DATA, OPEN, CreateMode.PERSISTENT),
                Op.create("/c", null, TWO, CreateMode.CONTAINER),
                Op.create("/t", EMPTY, OPEN, CreateMode.PERSISTENT_WITH_TTL, 5000),
                Op.delete("/d", 4),
                Op.setData("/s", DATA, -1),
                Op.check("/v", 2))));
        emit("MultiOperationRecord/create2",
            concat(bytes(new MultiHeader(OpCode.create2, false, -1)),
                bytes(new CreateRequest(PATH, DATA, OPEN, 0)),
                bytes(new MultiHeader(-1, true, -1))));
        emit("MultiOperationRecord/read", new MultiOperationRecord(List.of(Op.getData("/g"), Op.getChildren("/h"))));
        emit("MultiOperationRecord/empty", new MultiOperationRecord());

        MultiResponse done = new MultiResponse();
        done.add(new OpResult.CreateResult(PATH));
        done.add(new OpResult.CreateResult("/c", STAT));
        done.add(new OpResult.DeleteResult());
        done.add(new OpResult.SetDataResult(STAT));
        done.add(new OpResult.CheckResult());
        emit("MultiResponse", done);
        MultiResponse failed = new MultiResponse();
        failed.add(new OpResult.ErrorResult(0));
        failed.add(new OpResult.ErrorResult(-110));
        failed.add(new OpResult.ErrorResult(-2));
        emit("MultiResponse/failed", failed);
        MultiResponse read = new MultiResponse();
        read.add(new OpResult.GetDataResult(DATA, STAT));
        read.add(new OpResult.GetChildrenResult(List.of("x", "y")));
        read.add(new OpResult.ErrorResult(-101));
        emit("MultiResponse/read", read);
    }

    private static void txns() throws IOException {
        TxnHeader header = new TxnHeader(SESSION, 9, ZXID, TIME, OpCode.create);
        CreateTxn create = new CreateTxn(PATH, DATA, OPEN, true, 4);
        emit("TxnHeader", header);
        emit("TxnDigest", new TxnDigest(2, -2L));
        emit("CreateTxnV0", new CreateTxnV0(PATH, DATA, OPEN, true));
        emit("CreateTxn", create);
        emit("CreateTxn/V0", new CreateTxnV0(PATH, null, TWO, false));
        emit("CreateContainerTxn", new CreateContainerTxn(PATH, null, TWO, 4));
        emit("CreateTTLTxn", new CreateTTLTxn(PATH, DATA, OPEN, 4, 5000));
        emit("DeleteTxn", new DeleteTxn(PATH));
        emit("SetDataTxn", new SetDataTxn(PATH, DATA, 4));
        emit("SetACLTxn", new SetACLTxn(PATH, TWO, 4));
        emit("CheckVersionTxn", new CheckVersionTxn(PATH, 4));
        emit("CreateSessionTxn", new CreateSessionTxn(30000));
        emit("CloseSessionTxn", new CloseSessionTxn(List.of("/a/b", "/a/c")));
        emit("CloseSessionTxn/absent", EMPTY);
        emit("ErrorTxn", new ErrorTxn(-101));
        MultiTxn multi = new MultiTxn(List.of(
            new Txn(OpCode.create, bytes(create)),
            new Txn(OpCode.delete, bytes(new DeleteTxn("/d"))),
            new Txn(OpCode.check, bytes(new CheckVersionTxn("/v", 2)))));
        emit("MultiTxn", multi);
        emit("TxnRecord", Util.marshallTxnEntry(header, create, new TxnDigest(2, 0x123456789abcdef0L)));
        emit("TxnRecord/no digest", Util.marshallTxnEntry(header, create));
        TxnHeader close = new TxnHeader(SESSION, 10, ZXID + 1, TIME, OpCode.closeSession);
        emit("TxnRecord/close", Util.marshallTxnEntry(close, new CloseSessionTxn(List.of(PATH)), new TxnDigest(2, 5)));
        emit("TxnRecord/close absent", Util.marshallTxnEntry(close, null, new TxnDigest(2, 5)));
        emit("TxnRecord/multi",
            Util.marshallTxnEntry(new TxnHeader(SESSION, 11, ZXID + 2, TIME, OpCode.multi), multi, null));
    }

    private static void quorum() throws IOException {
        emit("QuorumPacket", new QuorumPacket(1, -1, DATA, List.of(new Id("ip", "127.0.0.1"), new Id("super", ""))));
        emit("QuorumPacket/null", new QuorumPacket(5, ZXID, null, null));
        emit("QuorumPacket/empty", new QuorumPacket(10, 0x600000000L, EMPTY, List.of()));
        emit("LearnerInfo", new LearnerInfo(2, 0x10000, 0x100000000L));
        emit("LearnerInfo/3.4", withoutLast(new LearnerInfo(2, 0x10000, 0), 8));
        emit("LeaderInfo", ByteBuffer.allocate(4).putInt(0x10000).array());
        emit("AckEpoch", ByteBuffer.allocate(4).putInt(-1).array());
        emit("PingSessions",
            ByteBuffer.allocate(24).putLong(SESSION).putInt(30000).putLong(NEGATIVE_SESSION).putInt(4000).array());
        emit("PingSessions/empty", EMPTY);
        emit("RevalidateRequest", ByteBuffer.allocate(12).putLong(SESSION).putInt(30000).array());
        emit("RevalidateAnswer", ByteBuffer.allocate(9).putLong(SESSION).put((byte) 1).array());
        emit("ForwardedRequest",
            concat(ByteBuffer.allocate(16).putLong(SESSION).putInt(9).putInt(OpCode.delete).array(),
                bytes(new DeleteRequest(PATH, -1))));
        emit("CommitAndActivate", ByteBuffer.allocate(8).putLong(3).array());
        emit("InformAndActivate", concat(ByteBuffer.allocate(8).putLong(3).array(), DATA));
        emit("QuorumAuthPacket", QuorumAuth.createPacket(QuorumAuth.Status.ERROR, DATA));
    }

    private static void election() throws Exception {
        Method full = FastLeaderElection.class.getDeclaredMethod(
            "buildMsg", int.class, long.class, long.class, long.class, long.class, byte[].class);
        full.setAccessible(true);
        byte[] config = CONFIG.getBytes(StandardCharsets.UTF_8);
        emit("Notification", ((ByteBuffer) full.invoke(null, 0, 3L, ZXID, 8L, 5L, config)).array());
        emit("Notification/observer",
            ((ByteBuffer) full.invoke(null, 3, Long.MIN_VALUE, Long.MIN_VALUE, 1L, Long.MIN_VALUE, EMPTY)).array());
        Method shorter = FastLeaderElection.class.getDeclaredMethod(
            "buildMsg", int.class, long.class, long.class, long.class, long.class);
        shorter.setAccessible(true);
        emit("Notification/40 bytes", ((ByteBuffer) shorter.invoke(null, 2, 3L, ZXID, 8L, 5L)).array());
        emit("Notification/28 bytes",
            ByteBuffer.allocate(28).putInt(1).putLong(3).putLong(ZXID).putLong(8).array());
        emit("InitialMessage/V1", initialMessage(QuorumCnxManager.PROTOCOL_VERSION_V1, "127.0.0.1:3888"));
        emit("InitialMessage/V2", initialMessage(QuorumCnxManager.PROTOCOL_VERSION_V2, "h1:3888|[::1]:3889"));
        emit("InitialMessage/3.4", ByteBuffer.allocate(8).putLong(3).array());
    }

    /** As QuorumCnxManager.startConnection writes it. */
    private static byte[] initialMessage(long version, String addresses) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        DataOutputStream data = new DataOutputStream(out);
        data.writeLong(version);
        data.writeLong(2);
        byte[] text = addresses.getBytes(StandardCharsets.UTF_8);
        data.writeInt(text.length);
        data.write(text);
        return out.toByteArray();
    }

    private static void storage() throws Exception {
        emit("FileHeader", new FileHeader(FileTxnLog.TXNLOG_MAGIC, FileTxnLog.VERSION, 0));
        emit("FileHeader/snapshot", new FileHeader(FileSnap.SNAP_MAGIC, 2, -1));

        ByteArrayOutputStream entry = new ByteArrayOutputStream();
        BinaryOutputArchive archive = BinaryOutputArchive.getArchive(entry);
        Adler32 checksum = new Adler32();
        checksum.update(DATA);
        archive.writeLong(checksum.getValue(), "txnEntryCRC");
        Util.writeTxnBytes(archive, DATA);
        emit("LogEntry", entry.toByteArray());

        emit("SnapshotSession", ByteBuffer.allocate(12).putLong(NEGATIVE_SESSION).putInt(30000).array());
        ByteArrayOutputStream acl = new ByteArrayOutputStream();
        BinaryOutputArchive.getArchive(acl).writeLong(4, "long");
        acl.writeBytes(vector(TWO));
        emit("SnapshotAcl", acl.toByteArray());
        ByteArrayOutputStream znode = new ByteArrayOutputStream();
        BinaryOutputArchive znodeArchive = BinaryOutputArchive.getArchive(znode);
        znodeArchive.writeString(PATH, "path");
        znodeArchive.writeBuffer(DATA, "data");
        znodeArchive.writeLong(4, "acl");
        STORED.serialize(znodeArchive, "statpersisted");
        emit("SnapshotZnode", znode.toByteArray());
        emit("SnapshotZnode/end", new byte[] {0, 0, 0, 1, '/'});

        DataTree tree = new DataTree();
        Constructor<?> digests = Arrays.stream(Class.forName("org.apache.zookeeper.server.DataTree$ZxidDigest").getDeclaredConstructors())
            .filter(c -> c.getParameterCount() == 4)
            .findFirst()
            .orElseThrow();
        digests.setAccessible(true);
        ByteArrayOutputStream digest = new ByteArrayOutputStream();
        ((DataTree.ZxidDigest) digests.newInstance(tree, ZXID, 2, -7L)).serialize(BinaryOutputArchive.getArchive(digest));
        emit("ZxidDigest", digest.toByteArray());
        emit("SnapshotSeal", concat(ByteBuffer.allocate(8).putLong(0xfedcba98L).array(), new byte[] {0, 0, 0, 1, '/'}));

        files(tree);
    }

    /** A log and a snapshot, as the server's own classes write them. */
    private static void files(DataTree tree) throws IOException {
        File dir = Files.createTempDirectory("vectors").toFile();
        FileTxnLog.setPreallocSize(64);
        FileTxnLog log = new FileTxnLog(dir);
        long zxid = 0x100000001L;
        Record[] txns = {
            new CreateSessionTxn(30000),
            new CreateTxn("/a", DATA, OPEN, false, 1),
            new CreateTxn("/a/e", null, TWO, true, 1),
            new CreateContainerTxn("/c", EMPTY, OPEN, 2),
            new SetDataTxn("/a", EMPTY, 1),
            new SetACLTxn("/c", TWO, 1),
            new DeleteTxn("/c"),
            new ErrorTxn(-101),
        };
        int[] types = {
            OpCode.createSession,
            OpCode.create,
            OpCode.create2,
            OpCode.createContainer,
            OpCode.setData,
            OpCode.setACL,
            OpCode.deleteContainer,
            OpCode.error,
        };
        for (int i = 0; i < txns.length; i++) {
            TxnHeader header = new TxnHeader(SESSION, i, zxid + i, TIME + i, types[i]);
            tree.processTxn(header, txns[i]);
            log.append(header, txns[i], new TxnDigest(2, tree.getTreeDigest()));
        }
        log.commit();
        log.close();
        byte[] logBytes = Files.readAllBytes(new File(dir, "log.100000001").toPath());
        int end = logBytes.length;
        while (logBytes[end - 1] == 0) {
            end--;
        }
        // Some of the room laid out beforehand, where a reader must see the end.
        emit("file/log", Arrays.copyOf(logBytes, end + 16));

        Map<Long, Integer> sessions = new LinkedHashMap<>();
        sessions.put(SESSION, 30000);
        File snapshot = new File(dir, "snapshot.100000008");
        new FileSnap(dir).serialize(tree, sessions, snapshot, true);
        emit("file/snapshot", Files.readAllBytes(snapshot.toPath()));
        for (File file : dir.listFiles()) {
            file.delete();
        }
        dir.delete();
    }

    /** Paths put together from awkward pieces, and what PathUtils says of each as the server reads it. */
    private static void paths() {
        String[] pieces = {
            "2f", "2f", "2f", "61", "62", "2e", "2e2e", "2e61", "00", "01", "1f", "20", "7e", "7f", "c280", "c29f", "c2a0",
            "c3b6", "dfbf", "e0a080", "e697a5", "ed9fbf", "ee8080", "efa3bf", "efa480", "efbbbf", "efbfaf", "efbfb0",
            "efbfbd", "f09f9880", "c0af", "c1bf", "e08080", "eda080", "80", "c3", "e697", "ff",
        };
        Random random = new Random(20240101);
        for (int i = 0; i < 600; i++) {
            StringBuilder hex = new StringBuilder("2f");
            int count = random.nextInt(7);
            for (int j = 0; j < count; j++) {
                // Mostly from the harmless start of the list, so that about half are good.
                hex.append(pieces[random.nextInt(random.nextInt(4) == 0 ? pieces.length : 8)]);
            }
            byte[] bytes = new byte[hex.length() / 2];
            for (int j = 0; j < bytes.length; j++) {
                bytes[j] = (byte) Integer.parseInt(hex.substring(2 * j, 2 * j + 2), 16);
            }
            String verdict = "good";
            try {
                PathUtils.validatePath(new String(bytes, StandardCharsets.UTF_8));
            } catch (IllegalArgumentException e) {
                verdict = "bad";
            }
            emit("path/" + verdict + "/" + i, bytes);
        }
    }

    /** Owners of znodes with a TTL, and names of sequential znodes. */
    private static void owners() {
        for (long ttl : new long[] {1, 5000, EphemeralType.TTL.maxValue()}) {
            emit("owner/" + ttl, ByteBuffer.allocate(8).putLong(EphemeralType.TTL.toEphemeralOwner(ttl)).array());
        }
        for (int counter : new int[] {0, 7, Integer.MAX_VALUE, -1, -123456789, Integer.MIN_VALUE}) {
            emit("sequence/" + counter, String.format(Locale.ENGLISH, "%010d", counter).getBytes(StandardCharsets.UTF_8));
        }
    }

    private static byte[] bytes(Record record) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        record.serialize(BinaryOutputArchive.getArchive(out), "record");
        return out.toByteArray();
    }

    private static byte[] vector(List<? extends Record> records) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BinaryOutputArchive archive = BinaryOutputArchive.getArchive(out);
        archive.startVector(records, "vector");
        for (Record record : records) {
            record.serialize(archive, "element");
        }
        archive.endVector(records, "vector");
        return out.toByteArray();
    }

    private static byte[] withoutLast(Record record, int count) throws IOException {
        byte[] all = bytes(record);
        return Arrays.copyOf(all, all.length - count);
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static void emit(String name, Record record) throws IOException {
        emit(name, bytes(record));
    }

    private static void emit(String name, byte[] bytes) {
        StringBuilder hex = new StringBuilder();
        for (byte b : bytes) {
            hex.append(String.format("%02x", b));
        }
        System.out.println(name + "\t" + hex);
    }
}
