import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.framework.recipes.atomic.AtomicValue;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.curator.framework.recipes.cache.TreeCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.nodes.PersistentTtlNode;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.retry.RetryForever;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.ServiceProvider;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.data.Stat;

/**
 * Runs Curator's recipes against one server and prints PASS or FAIL for each. Usage: host:port
 *
 * <p>One scenario wants the server to be restarted: it prints RESTART and waits for a line.
 */
public final class CuratorScenarios {
    private interface Scenario {
        void run(CuratorFramework client, CuratorFramework other) throws Exception;
    }

    private static final ExecutorService THREADS =
            Executors.newCachedThreadPool(
                    task -> {
                        Thread thread = new Thread(task);
                        thread.setDaemon(true);
                        return thread;
                    });
    private static final BufferedReader INPUT =
            new BufferedReader(new InputStreamReader(System.in, UTF_8));
    private static String address;
    private static int failures = 0;

    private CuratorScenarios() {}

    public static void main(String[] arguments) throws Exception {
        address = arguments[0];
        run("operations", CuratorScenarios::operations);
        run("namespace", CuratorScenarios::namespace);
        run("transactions", CuratorScenarios::transactions);
        run("container parents and protected names", CuratorScenarios::containers);
        run("persistent watches", CuratorScenarios::persistentWatches);
        run("InterProcessMutex", CuratorScenarios::mutex);
        run("InterProcessReadWriteLock", CuratorScenarios::readWriteLock);
        run("InterProcessSemaphoreV2", CuratorScenarios::semaphore);
        run("LeaderLatch", CuratorScenarios::leaderLatch);
        run("LeaderSelector", CuratorScenarios::leaderSelector);
        run("PathChildrenCache", CuratorScenarios::pathChildrenCache);
        run("TreeCache", CuratorScenarios::treeCache);
        run("CuratorCache", CuratorScenarios::curatorCache);
        run("DistributedQueue", CuratorScenarios::queue);
        run("DistributedAtomicLong", CuratorScenarios::atomicLong);
        run("SharedCount", CuratorScenarios::sharedCount);
        run("DistributedBarrier", CuratorScenarios::barrier);
        run("DistributedDoubleBarrier", CuratorScenarios::doubleBarrier);
        run("PersistentNode", CuratorScenarios::persistentNode);
        run("PersistentTtlNode", CuratorScenarios::persistentTtlNode);
        run("GroupMember", CuratorScenarios::groupMember);
        run("ServiceDiscovery", CuratorScenarios::serviceDiscovery);
        run("connection loss and a restart of the server", CuratorScenarios::restart);
        System.out.println("FAILURES " + failures);
        System.exit(failures == 0 ? 0 : 1);
    }

    private static CuratorFramework connect() throws Exception {
        CuratorFramework client =
                CuratorFrameworkFactory.newClient(
                        address, 20_000, 10_000, new ExponentialBackoffRetry(100, 5));
        client.start();
        check(client.blockUntilConnected(10, TimeUnit.SECONDS), "connected");
        return client;
    }

    private static void run(String name, Scenario scenario) {
        try (CuratorFramework client = connect();
                CuratorFramework other = connect()) {
            Future<?> done =
                    THREADS.submit(
                            (Callable<Void>)
                                    () -> {
                                        scenario.run(client, other);
                                        return null;
                                    });
            done.get(40, TimeUnit.SECONDS);
            System.out.println("PASS " + name);
        } catch (Throwable error) {
            failures++;
            Throwable cause = error.getCause() == null ? error : error.getCause();
            System.out.println("FAIL " + name + ": " + cause);
            cause.printStackTrace();
        }
    }

    private static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError("expected " + what);
    }

    private static void same(Object wanted, Object got) {
        check(wanted.equals(got), wanted + ", got " + got);
    }

    private static <T> T await(LinkedBlockingQueue<T> queue) throws InterruptedException {
        T item = queue.poll(15, TimeUnit.SECONDS);
        check(item != null, "an event within 15 s");
        return item;
    }

    private static void until(Callable<Boolean> holds, String what) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
        while (!holds.call()) {
            check(System.nanoTime() < deadline, what + " within 15 s");
            Thread.sleep(10);
        }
    }

    private static void operations(CuratorFramework client, CuratorFramework other)
            throws Exception {
        client.create().creatingParentsIfNeeded().forPath("/ops/a/b", "one".getBytes(UTF_8));
        Stat stat = new Stat();
        same("one", new String(other.getData().storingStatIn(stat).forPath("/ops/a/b"), UTF_8));
        same(0, stat.getVersion());
        client.setData().withVersion(0).forPath("/ops/a/b", "two".getBytes(UTF_8));
        try {
            client.setData().withVersion(0).forPath("/ops/a/b", "three".getBytes(UTF_8));
            check(false, "BadVersion");
        } catch (KeeperException.BadVersionException expected) {
            check(true, "BadVersion");
        }
        client.create().orSetData().forPath("/ops/a/b", "four".getBytes(UTF_8));
        same("four", new String(other.getData().forPath("/ops/a/b"), UTF_8));
        client.create().compressed().forPath("/ops/zip", new byte[10_000]);
        same(10_000, other.getData().decompressed().forPath("/ops/zip").length);
        String made =
                client.create()
                        .withMode(CreateMode.PERSISTENT_SEQUENTIAL)
                        .forPath("/ops/seq-", null);
        check(made.matches("/ops/seq-\\d{10}"), "a sequence number in " + made);
        LinkedBlockingQueue<String> background = new LinkedBlockingQueue<>();
        client.getChildren()
                .inBackground((c, event) -> background.add(String.valueOf(event.getResultCode())))
                .forPath("/ops");
        same("0", await(background));
        client.sync().forPath("/ops");
        client.delete().guaranteed().deletingChildrenIfNeeded().forPath("/ops");
        check(other.checkExists().forPath("/ops") == null, "/ops is gone");
        check(client.getConfig().forEnsemble() != null, "a configuration");
    }

    private static void namespace(CuratorFramework client, CuratorFramework other)
            throws Exception {
        CuratorFramework inside = client.usingNamespace("space");
        inside.create().creatingParentsIfNeeded().forPath("/x/y", "z".getBytes(UTF_8));
        same("z", new String(other.getData().forPath("/space/x/y"), UTF_8));
        same(Collections.singletonList("y"), inside.getChildren().forPath("/x"));
    }

    private static void transactions(CuratorFramework client, CuratorFramework other)
            throws Exception {
        Collection<CuratorTransactionResult> results =
                client.transaction()
                        .forOperations(
                                client.transactionOp().create().forPath("/tx", new byte[] {1}),
                                client.transactionOp()
                                        .create()
                                        .withMode(CreateMode.PERSISTENT_SEQUENTIAL)
                                        .forPath("/tx/s-"),
                                client.transactionOp().setData().withVersion(0).forPath("/tx"),
                                client.transactionOp().check().withVersion(1).forPath("/tx"));
        List<String> paths = new ArrayList<>();
        for (CuratorTransactionResult result : results) paths.add(result.getResultPath());
        same("[/tx, /tx/s-0000000000, null, null]", paths.toString());
        try {
            client.transaction()
                    .forOperations(
                            client.transactionOp().delete().forPath("/tx/s-0000000000"),
                            client.transactionOp().create().forPath("/tx/one"),
                            client.transactionOp().check().withVersion(7).forPath("/tx"));
            check(false, "BadVersion");
        } catch (KeeperException.BadVersionException expected) {
            same(-103, expected.getResults().get(2) == null ? 0 : -103);
        }
        same(
                Collections.singletonList("s-0000000000"),
                other.getChildren().forPath("/tx"));
    }

    private static void containers(CuratorFramework client, CuratorFramework other)
            throws Exception {
        String path =
                client.create()
                        .creatingParentContainersIfNeeded()
                        .withProtection()
                        .withMode(CreateMode.EPHEMERAL_SEQUENTIAL)
                        .forPath("/boxes/inner/p-", new byte[0]);
        check(path.matches("/boxes/inner/_c_[0-9a-f-]{36}-p-\\d{10}"), "protection in " + path);
        same(0L, other.checkExists().forPath("/boxes/inner").getEphemeralOwner());
        client.create()
                .withTtl(60_000)
                .withMode(CreateMode.PERSISTENT_WITH_TTL)
                .forPath("/boxes/ttl");
        check(other.checkExists().forPath("/boxes/ttl") != null, "a TTL node");
    }

    private static void persistentWatches(CuratorFramework client, CuratorFramework other)
            throws Exception {
        LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
        Watcher watcher = event -> seen.add(event.getType() + " " + event.getPath());
        client.create().forPath("/pw");
        client.watchers()
                .add()
                .withMode(AddWatchMode.PERSISTENT_RECURSIVE)
                .usingWatcher(watcher)
                .forPath("/pw");
        other.create().creatingParentsIfNeeded().forPath("/pw/a/b");
        other.setData().forPath("/pw/a/b", new byte[] {1});
        other.setData().forPath("/pw/a/b", new byte[] {2});
        other.delete().deletingChildrenIfNeeded().forPath("/pw/a");
        for (String wanted :
                Arrays.asList(
                        "NodeCreated /pw/a",
                        "NodeCreated /pw/a/b",
                        "NodeDataChanged /pw/a/b",
                        "NodeDataChanged /pw/a/b",
                        "NodeDeleted /pw/a/b",
                        "NodeDeleted /pw/a")) {
            same(wanted, await(seen));
        }
        client.watchers().remove(watcher).forPath("/pw");
        other.setData().forPath("/pw", new byte[] {3});
        client.checkExists().forPath("/pw");
        String after = seen.poll();
        check(after == null || after.startsWith("PersistentWatchRemoved"), "no event, got " + after);
    }

    private static void mutex(CuratorFramework client, CuratorFramework other) throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger rounds = new AtomicInteger();
        List<Future<?>> tasks = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            CuratorFramework mine = i % 2 == 0 ? client : other;
            tasks.add(
                    THREADS.submit(
                            (Callable<Void>)
                                    () -> {
                                        InterProcessMutex lock = new InterProcessMutex(mine, "/mutex");
                                        for (int round = 0; round < 5; round++) {
                                            check(lock.acquire(30, TimeUnit.SECONDS), "the lock");
                                            lock.acquire();
                                            same(1, inside.incrementAndGet());
                                            rounds.incrementAndGet();
                                            inside.decrementAndGet();
                                            lock.release();
                                            lock.release();
                                        }
                                        return null;
                                    }));
        }
        for (Future<?> task : tasks) task.get();
        same(30, rounds.get());
        same(0, client.getChildren().forPath("/mutex").size());
        InterProcessMutex held = new InterProcessMutex(client, "/mutex");
        held.acquire();
        check(
                !new InterProcessMutex(other, "/mutex").acquire(200, TimeUnit.MILLISECONDS),
                "no lock while it is held");
        client.close(); // the ephemeral goes with the session
        InterProcessMutex next = new InterProcessMutex(other, "/mutex");
        check(next.acquire(15, TimeUnit.SECONDS), "the lock of a closed session");
        next.release();
    }

    private static void readWriteLock(CuratorFramework client, CuratorFramework other)
            throws Exception {
        InterProcessReadWriteLock mine = new InterProcessReadWriteLock(client, "/rw");
        InterProcessReadWriteLock theirs = new InterProcessReadWriteLock(other, "/rw");
        mine.readLock().acquire();
        check(theirs.readLock().acquire(5, TimeUnit.SECONDS), "two readers");
        check(!theirs.writeLock().acquire(200, TimeUnit.MILLISECONDS), "no writer beside readers");
        theirs.readLock().release();
        mine.readLock().release();
        check(theirs.writeLock().acquire(5, TimeUnit.SECONDS), "the writer");
        check(theirs.readLock().acquire(5, TimeUnit.SECONDS), "the writer reads");
        check(!mine.readLock().acquire(200, TimeUnit.MILLISECONDS), "no reader beside a writer");
        theirs.writeLock().release();
        check(mine.readLock().acquire(5, TimeUnit.SECONDS), "two readers after the downgrade");
        mine.readLock().release();
        theirs.readLock().release();
    }

    private static void semaphore(CuratorFramework client, CuratorFramework other)
            throws Exception {
        InterProcessSemaphoreV2 mine = new InterProcessSemaphoreV2(client, "/semaphore", 3);
        InterProcessSemaphoreV2 theirs = new InterProcessSemaphoreV2(other, "/semaphore", 3);
        Collection<Lease> leases = mine.acquire(2);
        Lease third = theirs.acquire(5, TimeUnit.SECONDS);
        check(third != null, "a third lease");
        check(theirs.acquire(200, TimeUnit.MILLISECONDS) == null, "no fourth lease");
        mine.returnAll(leases);
        Lease fourth = theirs.acquire(5, TimeUnit.SECONDS);
        check(fourth != null, "a lease that was returned");
        theirs.returnLease(third);
        theirs.returnLease(fourth);
    }

    private static void leaderLatch(CuratorFramework client, CuratorFramework other)
            throws Exception {
        LeaderLatch first = new LeaderLatch(client, "/latch", "first");
        LeaderLatch second = new LeaderLatch(other, "/latch", "second");
        first.start();
        check(first.await(10, TimeUnit.SECONDS), "a leader");
        second.start();
        until(() -> second.getParticipants().size() == 2, "two participants");
        same("first", second.getLeader().getId());
        check(!second.hasLeadership(), "one leader");
        first.close();
        check(second.await(10, TimeUnit.SECONDS), "the other leads");
        second.close();
    }

    private static void leaderSelector(CuratorFramework client, CuratorFramework other)
            throws Exception {
        LinkedBlockingQueue<String> led = new LinkedBlockingQueue<>();
        AtomicInteger leaders = new AtomicInteger();
        List<LeaderSelector> selectors = new ArrayList<>();
        for (CuratorFramework mine : Arrays.asList(client, other)) {
            LeaderSelector selector =
                    new LeaderSelector(
                            mine,
                            "/selector",
                            new LeaderSelectorListenerAdapter() {
                                @Override
                                public void takeLeadership(CuratorFramework c) throws Exception {
                                    led.add(String.valueOf(leaders.incrementAndGet()));
                                    Thread.sleep(20);
                                    leaders.decrementAndGet();
                                }
                            });
            selector.autoRequeue();
            selector.start();
            selectors.add(selector);
        }
        for (int i = 0; i < 10; i++) same("1", await(led));
        for (LeaderSelector selector : selectors) selector.close();
    }

    private static void pathChildrenCache(CuratorFramework client, CuratorFramework other)
            throws Exception {
        other.create().creatingParentsIfNeeded().forPath("/pcc/old", "o".getBytes(UTF_8));
        LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
        try (PathChildrenCache cache = new PathChildrenCache(client, "/pcc", true)) {
            cache.getListenable()
                    .addListener(
                            (c, event) ->
                                    seen.add(
                                            event.getType()
                                                    + (event.getData() == null
                                                            ? ""
                                                            : " "
                                                                    + event.getData().getPath()
                                                                    + " "
                                                                    + new String(event.getData().getData(), UTF_8))));
            cache.start(PathChildrenCache.StartMode.BUILD_INITIAL_CACHE);
            same(1, cache.getCurrentData().size());
            other.create().forPath("/pcc/new", "n".getBytes(UTF_8));
            same("CHILD_ADDED /pcc/new n", await(seen));
            other.setData().forPath("/pcc/new", "m".getBytes(UTF_8));
            same("CHILD_UPDATED /pcc/new m", await(seen));
            other.delete().forPath("/pcc/old");
            same("CHILD_REMOVED /pcc/old o", await(seen));
        }
    }

    private static void treeCache(CuratorFramework client, CuratorFramework other)
            throws Exception {
        other.create().creatingParentsIfNeeded().forPath("/tc/a/b", "b".getBytes(UTF_8));
        LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
        try (TreeCache cache = new TreeCache(client, "/tc")) {
            cache.getListenable()
                    .addListener(
                            (c, event) ->
                                    seen.add(
                                            event.getType()
                                                    + (event.getData() == null ? "" : " " + event.getData().getPath())));
            cache.start();
            same("NODE_ADDED /tc", await(seen));
            same("NODE_ADDED /tc/a", await(seen));
            same("NODE_ADDED /tc/a/b", await(seen));
            same("INITIALIZED", await(seen));
            other.setData().forPath("/tc/a/b", "c".getBytes(UTF_8));
            same("NODE_UPDATED /tc/a/b", await(seen));
            other.create().forPath("/tc/a/d");
            same("NODE_ADDED /tc/a/d", await(seen));
            other.delete().forPath("/tc/a/b");
            same("NODE_REMOVED /tc/a/b", await(seen));
            same(1, cache.getCurrentChildren("/tc/a").size());
        }
    }

    private static void curatorCache(CuratorFramework client, CuratorFramework other)
            throws Exception {
        other.create().creatingParentsIfNeeded().forPath("/cc/a", "a".getBytes(UTF_8));
        LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
        CountDownLatch initialized = new CountDownLatch(1);
        try (CuratorCache cache = CuratorCache.build(client, "/cc")) {
            cache.listenable()
                    .addListener(
                            CuratorCacheListener.builder()
                                    .forInitialized(initialized::countDown)
                                    .forCreates(node -> seen.add("created " + node.getPath()))
                                    .forChanges((old, node) -> seen.add("changed " + node.getPath()))
                                    .forDeletes(node -> seen.add("deleted " + node.getPath()))
                                    .build());
            cache.start();
            check(initialized.await(10, TimeUnit.SECONDS), "an initialized cache");
            same(2, cache.size());
            seen.clear();
            other.create().creatingParentsIfNeeded().forPath("/cc/deep/er/est");
            same("created /cc/deep", await(seen));
            same("created /cc/deep/er", await(seen));
            same("created /cc/deep/er/est", await(seen));
            other.setData().forPath("/cc/a", "b".getBytes(UTF_8));
            same("changed /cc/a", await(seen));
            other.delete().forPath("/cc/a");
            same("deleted /cc/a", await(seen));
            check(cache.get("/cc/deep/er/est").isPresent(), "the deepest znode");
        }
    }

    private static void queue(CuratorFramework client, CuratorFramework other) throws Exception {
        LinkedBlockingQueue<String> taken = new LinkedBlockingQueue<>();
        QueueSerializer<String> serializer =
                new QueueSerializer<String>() {
                    @Override
                    public byte[] serialize(String item) {
                        return item.getBytes(UTF_8);
                    }

                    @Override
                    public String deserialize(byte[] bytes) {
                        return new String(bytes, UTF_8);
                    }
                };
        QueueConsumer<String> consumer =
                new QueueConsumer<String>() {
                    @Override
                    public void consumeMessage(String message) {
                        taken.add(message);
                    }

                    @Override
                    public void stateChanged(CuratorFramework c, ConnectionState state) {}
                };
        try (DistributedQueue<String> producing =
                        QueueBuilder.builder(client, null, serializer, "/queue").buildQueue();
                DistributedQueue<String> consuming =
                        QueueBuilder.builder(other, consumer, serializer, "/queue")
                                .lockPath("/queue-locks")
                                .buildQueue()) {
            producing.start();
            consuming.start();
            for (int i = 0; i < 50; i++) producing.put("item " + i);
            for (int i = 0; i < 50; i++) same("item " + i, await(taken));
        }
    }

    private static void atomicLong(CuratorFramework client, CuratorFramework other)
            throws Exception {
        List<Future<?>> tasks = new ArrayList<>();
        for (CuratorFramework mine : Arrays.asList(client, other)) {
            tasks.add(
                    THREADS.submit(
                            (Callable<Void>)
                                    () -> {
                                        DistributedAtomicLong number =
                                                new DistributedAtomicLong(
                                                        mine, "/atomic", new ExponentialBackoffRetry(5, 20));
                                        for (int i = 0; i < 25; i++) {
                                            AtomicValue<Long> value = number.increment();
                                            check(value.succeeded(), "an increment");
                                        }
                                        return null;
                                    }));
        }
        for (Future<?> task : tasks) task.get();
        DistributedAtomicLong number =
                new DistributedAtomicLong(client, "/atomic", new ExponentialBackoffRetry(5, 20));
        same(50L, number.get().postValue());
    }

    private static void sharedCount(CuratorFramework client, CuratorFramework other)
            throws Exception {
        try (SharedCount mine = new SharedCount(client, "/count", 7);
                SharedCount theirs = new SharedCount(other, "/count", 7)) {
            mine.start();
            theirs.start();
            same(7, theirs.getCount());
            mine.setCount(8);
            until(() -> theirs.getCount() == 8, "the new count");
            check(theirs.trySetCount(theirs.getVersionedValue(), 9), "a versioned change");
        }
    }

    private static void barrier(CuratorFramework client, CuratorFramework other)
            throws Exception {
        DistributedBarrier mine = new DistributedBarrier(client, "/barrier");
        mine.setBarrier();
        DistributedBarrier theirs = new DistributedBarrier(other, "/barrier");
        check(!theirs.waitOnBarrier(200, TimeUnit.MILLISECONDS), "a closed barrier");
        Future<Boolean> waiting = THREADS.submit(() -> theirs.waitOnBarrier(15, TimeUnit.SECONDS));
        mine.removeBarrier();
        check(waiting.get(), "an open barrier");
    }

    private static void doubleBarrier(CuratorFramework client, CuratorFramework other)
            throws Exception {
        AtomicInteger inside = new AtomicInteger();
        List<Future<Boolean>> tasks = new ArrayList<>();
        for (CuratorFramework mine : Arrays.asList(client, other, client)) {
            tasks.add(
                    THREADS.submit(
                            () -> {
                                DistributedDoubleBarrier both =
                                        new DistributedDoubleBarrier(mine, "/double", 3);
                                check(both.enter(15, TimeUnit.SECONDS), "three enter");
                                inside.incrementAndGet();
                                boolean left = both.leave(15, TimeUnit.SECONDS);
                                same(3, inside.get());
                                return left;
                            }));
        }
        for (Future<Boolean> task : tasks) check(task.get(), "three leave");
    }

    private static void persistentNode(CuratorFramework client, CuratorFramework other)
            throws Exception {
        try (PersistentNode node =
                new PersistentNode(client, CreateMode.EPHEMERAL, false, "/pn", "x".getBytes(UTF_8))) {
            node.start();
            check(node.waitForInitialCreate(10, TimeUnit.SECONDS), "the node");
            other.delete().forPath("/pn");
            until(() -> other.checkExists().forPath("/pn") != null, "the node again");
            node.setData("y".getBytes(UTF_8));
            until(
                    () -> "y".equals(new String(other.getData().forPath("/pn"), UTF_8)),
                    "its new data");
        }
        check(other.checkExists().forPath("/pn") == null, "no node after close");
    }

    private static void persistentTtlNode(CuratorFramework client, CuratorFramework other)
            throws Exception {
        try (PersistentTtlNode node =
                new PersistentTtlNode(client, "/ptn", 10_000, "x".getBytes(UTF_8))) {
            node.start();
            check(node.waitForInitialCreate(10, TimeUnit.SECONDS), "the node");
            until(() -> other.checkExists().forPath("/ptn/touch") != null, "its touch node");
        }
    }

    private static void groupMember(CuratorFramework client, CuratorFramework other)
            throws Exception {
        GroupMember mine = new GroupMember(client, "/group", "one", "1".getBytes(UTF_8));
        GroupMember theirs = new GroupMember(other, "/group", "two", "2".getBytes(UTF_8));
        mine.start();
        theirs.start();
        until(() -> mine.getCurrentMembers().size() == 2, "two members");
        theirs.close();
        until(() -> mine.getCurrentMembers().size() == 1, "one member");
        mine.close();
    }

    private static void serviceDiscovery(CuratorFramework client, CuratorFramework other)
            throws Exception {
        ServiceInstance<Void> instance =
                ServiceInstance.<Void>builder().name("web").address("127.0.0.1").port(80).build();
        ServiceDiscovery<Void> mine =
                ServiceDiscoveryBuilder.builder(Void.class)
                        .client(client)
                        .basePath("/services")
                        .thisInstance(instance)
                        .build();
        ServiceDiscovery<Void> theirs =
                ServiceDiscoveryBuilder.builder(Void.class)
                        .client(other)
                        .basePath("/services")
                        .build();
        mine.start();
        theirs.start();
        until(() -> theirs.queryForInstances("web").size() == 1, "the instance");
        try (ServiceProvider<Void> provider =
                theirs.serviceProviderBuilder().serviceName("web").build()) {
            provider.start();
            until(() -> provider.getInstance() != null, "a provided instance");
            same(80, provider.getInstance().getPort());
            mine.close();
            until(() -> provider.getInstance() == null, "no instance after close");
        }
        theirs.close();
    }

    private static void restart(CuratorFramework unused, CuratorFramework other) throws Exception {
        LinkedBlockingQueue<ConnectionState> states = new LinkedBlockingQueue<>();
        try (CuratorFramework client =
                CuratorFrameworkFactory.newClient(address, 30_000, 10_000, new RetryForever(50))) {
            client.getConnectionStateListenable().addListener((c, state) -> states.add(state));
            client.start();
            same(ConnectionState.CONNECTED, await(states));
            client.create().withMode(CreateMode.EPHEMERAL).forPath("/restart", new byte[] {1});
            long session = client.getZookeeperClient().getZooKeeper().getSessionId();
            InterProcessMutex lock = new InterProcessMutex(client, "/restart-lock");
            lock.acquire();
            LinkedBlockingQueue<WatchedEvent> events = new LinkedBlockingQueue<>();
            client.getData()
                    .usingWatcher(
                            (Watcher)
                                    event -> {
                                        if (event.getPath() != null) events.add(event);
                                    })
                    .forPath("/restart");
            System.out.println("RESTART");
            check(INPUT.readLine() != null, "a line when the server is back");
            same(ConnectionState.SUSPENDED, await(states));
            same(ConnectionState.RECONNECTED, await(states));
            client.setData().forPath("/restart", new byte[] {2}); // retried until it is done
            same(session, client.getZookeeperClient().getZooKeeper().getSessionId());
            same("/restart", await(events).getPath());
            check(lock.isAcquiredInThisProcess(), "the lock is still held");
            check(
                    !new InterProcessMutex(other, "/restart-lock").acquire(200, TimeUnit.MILLISECONDS),
                    "nobody else has it");
            lock.release();
        }
        until(() -> other.checkExists().forPath("/restart") == null, "no ephemeral after close");
    }
}
