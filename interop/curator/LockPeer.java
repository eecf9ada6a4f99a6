import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMultiLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreMutex;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.locks.Revoker;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.data.Stat;

/**
 * Curator's side of a contention for one lock. Usage: host:port, and then lines of standard input, each
 *
 * <pre>kind threads rounds</pre>
 *
 * <p>Every thread takes the lock below {@code /<kind>/lock} so often. Who holds it adds one to {@code /<kind>/count} by a read and a
 * write that would lose somebody else's, and keeps a znode in {@code /<kind>/inside} meanwhile. Prints READY, and DONE or FAIL for each
 * line.
 */
public final class LockPeer {
    private interface Work {
        void run() throws Exception;
    }

    private static String address;

    private LockPeer() {}

    public static void main(String[] arguments) throws Exception {
        address = arguments[0];
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        ExecutorService threads = Executors.newCachedThreadPool();
        try (CuratorFramework first = connect()) {
            System.out.println("READY");
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                String[] words = line.split(" ");
                try {
                    List<Future<?>> all = new ArrayList<>();
                    for (int i = 0; i < Integer.parseInt(words[1]); i++) {
                        int thread = i;
                        all.add(
                                threads.submit(
                                        (Callable<Void>)
                                                () -> {
                                                    contend(
                                                            words[0],
                                                            thread,
                                                            Integer.parseInt(words[2]));
                                                    return null;
                                                }));
                    }
                    for (Future<?> one : all) one.get(100, TimeUnit.SECONDS);
                    System.out.println("DONE " + words[0]);
                } catch (Exception error) {
                    System.out.println("FAIL " + words[0] + ": " + error);
                    error.printStackTrace();
                }
            }
        }
        System.exit(0);
    }

    private static CuratorFramework connect() throws InterruptedException {
        CuratorFramework client =
                CuratorFrameworkFactory.newClient(address, 20_000, 10_000, new RetryOneTime(100));
        client.start();
        client.blockUntilConnected();
        return client;
    }

    private static void contend(String kind, int thread, int rounds) throws Exception {
        try (CuratorFramework client = connect()) {
            String path = "/" + kind + "/lock";
            for (int round = 0; round < rounds; round++) {
                switch (kind) {
                    case "mutex":
                        holding(new InterProcessMutex(client, path), () -> write(client, kind));
                        break;
                    case "semaphore-mutex":
                        holding(
                                new InterProcessSemaphoreMutex(client, path),
                                () -> write(client, kind));
                        break;
                    case "multi":
                        List<String> paths = List.of(path + "-a", path + "-b");
                        holding(
                                new InterProcessMultiLock(client, paths),
                                () -> write(client, kind));
                        break;
                    case "semaphore":
                        Lease lease = new InterProcessSemaphoreV2(client, path, 3).acquire();
                        inside(client, kind, 3);
                        lease.close();
                        break;
                    case "read-write":
                        InterProcessReadWriteLock lock =
                                new InterProcessReadWriteLock(client, path);
                        if ((thread + round) % 2 == 0) {
                            holding(lock.readLock(), () -> read(client, kind));
                        } else {
                            holding(
                                    lock.writeLock(),
                                    () -> {
                                        write(client, kind);
                                        // What it wrote, it reads before anybody writes.
                                        lock.readLock().acquire();
                                        read(client, kind);
                                        lock.readLock().release();
                                    });
                        }
                        break;
                    case "revocable":
                        revocable(client, path, kind);
                        break;
                    case "revoke":
                        revoke(client, "/revocable/lock");
                        break;
                    default:
                        throw new IllegalArgumentException(kind);
                }
            }
        }
    }

    private static void holding(InterProcessLock lock, Work work) throws Exception {
        lock.acquire();
        try {
            work.run();
        } finally {
            lock.release();
        }
    }

    /** Holds it until it is asked to give it back. */
    private static void revocable(CuratorFramework client, String path, String kind)
            throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(client, path);
        Thread holder = Thread.currentThread();
        mutex.makeRevocable(asked -> holder.interrupt());
        mutex.acquire();
        System.out.println("HELD " + kind);
        try {
            Thread.sleep(60_000);
            throw new IllegalStateException("nobody asked for it");
        } catch (InterruptedException asked) {
            mutex.release();
        }
    }

    /** Asks the one that holds it. */
    private static void revoke(CuratorFramework client, String path) throws Exception {
        List<String> nodes = new ArrayList<>(new InterProcessMutex(client, path).getParticipantNodes());
        Revoker.attemptRevoke(client, nodes.get(0));
    }

    private static void write(CuratorFramework client, String kind) throws Exception {
        inside(client, kind, 1);
        Stat stat = new Stat();
        byte[] data = client.getData().storingStatIn(stat).forPath("/" + kind + "/count");
        int count = Integer.parseInt(new String(data, UTF_8));
        byte[] next = String.valueOf(count + 1).getBytes(UTF_8);
        client.setData().withVersion(stat.getVersion()).forPath("/" + kind + "/count", next);
    }

    private static void read(CuratorFramework client, String kind) throws Exception {
        String path = "/" + kind + "/count";
        Stat before = client.checkExists().forPath(path);
        int writers = client.getChildren().forPath("/" + kind + "/inside").size();
        Stat after = client.checkExists().forPath(path);
        if (before.getVersion() != after.getVersion() || writers > 0) {
            throw new IllegalStateException("somebody writes beside a reader");
        }
    }

    private static void inside(CuratorFramework client, String kind, int max) throws Exception {
        String own =
                client.create()
                        .withMode(CreateMode.EPHEMERAL_SEQUENTIAL)
                        .forPath("/" + kind + "/inside/java-");
        int holders = client.getChildren().forPath("/" + kind + "/inside").size();
        client.delete().forPath(own);
        if (holders > max) throw new IllegalStateException(holders + " hold it");
    }
}
