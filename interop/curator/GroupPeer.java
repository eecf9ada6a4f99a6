import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicInteger;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.data.Stat;

/**
 * Curator's side of elections, barriers, counters and groups. Usage: host:port, and then lines of standard input, each
 *
 * <pre>kind threads rounds</pre>
 *
 * <p>Znodes are below {@code /<kind>}: the recipe's at {@code lock}. A leader adds one to {@code count} by a read and a write that
 * would lose somebody else's, and keeps a znode in {@code inside} meanwhile. Prints READY, and DONE or FAIL for each line.
 */
public final class GroupPeer {
    private static String address;

    private GroupPeer() {}

    public static void main(String[] arguments) throws Exception {
        address = arguments[0];
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        ExecutorService threads = Executors.newCachedThreadPool();
        System.out.println("READY");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ");
            int count = Integer.parseInt(words[1]);
            int rounds = Integer.parseInt(words[2]);
            threads.submit(() -> serve(threads, words[0], count, rounds));
        }
        System.exit(0);
    }

    private static void serve(ExecutorService threads, String kind, int count, int rounds) {
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int thread = i;
                Callable<Void> work =
                        () -> {
                            takePart(kind, thread, count, rounds);
                            return null;
                        };
                all.add(threads.submit(work));
            }
            for (Future<?> one : all) one.get(100, TimeUnit.SECONDS);
            System.out.println("DONE " + kind);
        } catch (Exception error) {
            System.out.println("FAIL " + kind + ": " + error);
            error.printStackTrace();
        }
    }

    private static void takePart(String kind, int thread, int threads, int rounds)
            throws Exception {
        try (CuratorFramework client =
                CuratorFrameworkFactory.newClient(address, 20_000, 10_000, new RetryOneTime(100))) {
            client.start();
            client.blockUntilConnected();
            String path = "/" + kind + "/lock";
            switch (kind) {
                case "latch":
                    for (int round = 0; round < rounds; round++) {
                        try (LeaderLatch latch = new LeaderLatch(client, path, "java")) {
                            latch.start();
                            latch.await();
                            write(client, kind);
                        }
                    }
                    break;
                case "selector":
                    lead(client, path, kind, rounds);
                    break;
                case "double-barrier":
                    // As many of ours take part.
                    DistributedDoubleBarrier barrier =
                            new DistributedDoubleBarrier(client, path, 2 * threads);
                    mark(client, kind);
                    barrier.enter();
                    expectMarks(client, kind, 2 * threads);
                    mark(client, kind);
                    barrier.leave();
                    expectMarks(client, kind, 4 * threads);
                    break;
                case "barrier":
                    System.out.println("WAITING " + kind);
                    new DistributedBarrier(client, path).waitOnBarrier();
                    break;
                case "atomic-long":
                    DistributedAtomicLong number =
                            new DistributedAtomicLong(client, path, new RetryNTimes(1_000, 1));
                    for (int round = 0; round < rounds; round++) {
                        if (!number.increment().succeeded()) throw new IllegalStateException();
                    }
                    break;
                case "atomic-integer":
                    DistributedAtomicInteger integer =
                            new DistributedAtomicInteger(client, path, new RetryNTimes(1_000, 1));
                    for (int round = 0; round < rounds; round++) {
                        if (!integer.decrement().succeeded()) throw new IllegalStateException();
                    }
                    break;
                case "shared-count":
                    try (SharedCount shared = new SharedCount(client, path, 0)) {
                        shared.start();
                        for (int round = 0; round < rounds; round++) {
                            while (!shared.trySetCount(
                                    shared.getVersionedValue(), shared.getCount() + 1)) {
                                Thread.yield();
                            }
                        }
                    }
                    break;
                case "group":
                    join(client, path, thread, 2 * threads);
                    break;
                default:
                    throw new IllegalArgumentException(kind);
            }
        }
    }

    private static void lead(CuratorFramework client, String path, String kind, int rounds)
            throws Exception {
        CountDownLatch led = new CountDownLatch(rounds);
        AtomicReference<Exception> failure = new AtomicReference<>();
        AtomicInteger terms = new AtomicInteger();
        LeaderSelector selector =
                new LeaderSelector(
                        client,
                        path,
                        new LeaderSelectorListenerAdapter() {
                            @Override
                            public void takeLeadership(CuratorFramework leader) {
                                if (terms.incrementAndGet() > rounds) return;
                                try {
                                    write(leader, kind);
                                } catch (Exception error) {
                                    failure.set(error);
                                }
                                led.countDown();
                            }
                        });
        selector.setId("java");
        selector.autoRequeue();
        selector.start();
        if (!led.await(90, TimeUnit.SECONDS)) throw new IllegalStateException("never led");
        selector.close();
        if (failure.get() != null) throw failure.get();
    }

    /** Notes that this member begins to enter, or has done. */
    private static void mark(CuratorFramework client, String kind) throws Exception {
        client.create()
                .withMode(CreateMode.PERSISTENT_SEQUENTIAL)
                .forPath("/" + kind + "/inside/java-");
    }

    /** Sees that all others have, too. */
    private static void expectMarks(CuratorFramework client, String kind, int count)
            throws Exception {
        client.sync().forPath("/" + kind);
        int marks = client.getChildren().forPath("/" + kind + "/inside").size();
        if (marks < count) throw new IllegalStateException(marks + " of " + count + " were there");
    }

    /** Joins, sees everybody, and stays until all have seen everybody. */
    private static void join(CuratorFramework client, String path, int thread, int all)
            throws Exception {
        byte[] payload = ("java " + thread).getBytes(UTF_8);
        try (GroupMember member = new GroupMember(client, path, "java-" + thread, payload)) {
            member.start();
            while (member.getCurrentMembers().size() < all) Thread.sleep(5);
            String own = "/group/inside/java-" + thread;
            client.create().withMode(CreateMode.PERSISTENT).forPath(own);
            while (client.getChildren().forPath("/group/inside").size() < all) Thread.sleep(5);
        }
    }

    private static void write(CuratorFramework client, String kind) throws Exception {
        String own =
                client.create()
                        .withMode(CreateMode.EPHEMERAL_SEQUENTIAL)
                        .forPath("/" + kind + "/inside/java-");
        int leaders = client.getChildren().forPath("/" + kind + "/inside").size();
        Stat stat = new Stat();
        byte[] data = client.getData().storingStatIn(stat).forPath("/" + kind + "/count");
        int count = Integer.parseInt(new String(data, UTF_8));
        byte[] next = String.valueOf(count + 1).getBytes(UTF_8);
        client.setData().withVersion(stat.getVersion()).forPath("/" + kind + "/count", next);
        client.delete().forPath(own);
        if (leaders > 1) throw new IllegalStateException(leaders + " lead");
    }
}
