import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.queue.DistributedDelayQueue;
import org.apache.curator.framework.recipes.queue.DistributedIdQueue;
import org.apache.curator.framework.recipes.queue.DistributedPriorityQueue;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueAllocator;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.queue.QueueSharder;
import org.apache.curator.framework.recipes.queue.QueueSharderPolicies;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.ServiceType;
import org.apache.curator.x.discovery.UriSpec;

/**
 * Curator's side of a queue, and of service discovery. Usage: host:port, and then lines of standard input, each
 *
 * <pre>kind[@occasion] consumers items</pre>
 *
 * <p>Puts so many items into the queue at {@code /<kind>/queue}, and takes items by so many consumers, until {@code /<kind>/stop} exists.
 * Of every item taken the znode {@code /<kind>/results/<item>} is made, which fails if somebody took it before. Prints READY, and
 * DONE or FAIL for each line.
 */
public final class QueuePeer {
    private static final QueueSerializer<String> SERIALIZER =
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

    private static CuratorFramework client;
    private static ServiceDiscovery<Object> discovery;
    private static volatile String failure;

    private QueuePeer() {}

    public static void main(String[] arguments) throws Exception {
        client =
                CuratorFrameworkFactory.newClient(
                        arguments[0], 20_000, 10_000, new RetryOneTime(100));
        client.start();
        client.blockUntilConnected();
        discovery = ServiceDiscoveryBuilder.builder(Object.class).client(client).basePath("/services").build();
        discovery.start();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        System.out.println("READY");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ");
            try {
                run(words[0], Integer.parseInt(words[1]), Integer.parseInt(words[2]));
                if (failure != null) throw new IllegalStateException(failure);
                System.out.println("DONE " + words[0]);
            } catch (Exception error) {
                System.out.println("FAIL " + words[0] + ": " + error);
                error.printStackTrace();
            }
        }
        System.exit(0);
    }

    private static void run(String kind, int consumers, int items) throws Exception {
        switch (kind) {
            case "register":
                register();
                break;
            case "lookup":
                lookup();
                break;
            case "compress":
                client.createContainers("/compressed");
                client.create().compressed().forPath("/compressed/java", "text of java".getBytes(UTF_8));
                break;
            case "decompress":
                String text = new String(client.getData().decompressed().forPath("/compressed/node"), UTF_8);
                if (!text.equals("text of node")) throw new IllegalStateException(text);
                break;
            default:
                share(kind, consumers, items);
        }
    }

    private static void share(String kind, int consumers, int items) throws Exception {
        List<Closeable> opened = new ArrayList<>();
        for (int i = 0; i < consumers; i++) opened.add(open(kind, new Taker(kind), 0));
        if (items > 0) opened.add(open(kind, null, items));
        while (consumers > 0 && client.checkExists().forPath("/" + kind + "/stop") == null) {
            Thread.sleep(5);
        }
        for (Closeable one : opened) one.close();
    }

    /** Opens a queue for a consumer, or puts items into it. */
    private static Closeable open(String name, QueueConsumer<String> consumer, int items)
            throws Exception {
        QueueBuilder<String> builder =
                QueueBuilder.builder(client, consumer, SERIALIZER, "/" + name + "/queue")
                        .putInBackground(false);
        if (kindOf(name).endsWith("locked")) builder = builder.lockPath("/" + name + "/locks");
        switch (kindOf(name)) {
            case "id":
                DistributedIdQueue<String> ids = builder.buildIdQueue();
                ids.start();
                for (int i = 0; i < items; i++) ids.put("java-" + i, "id/" + i);
                return ids;
            case "priority":
            case "priority-locked":
                DistributedPriorityQueue<String> priorities = builder.buildPriorityQueue(1);
                priorities.start();
                for (int i = 0; i < items; i++) priorities.put("java-" + i, 3 - i);
                return priorities;
            case "delay":
                DistributedDelayQueue<String> delays = builder.buildDelayQueue();
                delays.start();
                long now = System.currentTimeMillis();
                for (int i = 0; i < items; i++) delays.put("java-" + i, now + 5 * (items - i));
                return delays;
            case "simple":
                return simple(name, consumer, items);
            case "sharded":
                return sharded(name, consumer, items);
            default:
                DistributedQueue<String> queue = builder.buildQueue();
                queue.start();
                for (int i = 0; i < items; i++) queue.put("java-" + i);
                return queue;
        }
    }

    /** A name without the occasion. */
    private static String kindOf(String name) {
        return name.split("@")[0];
    }

    private static Closeable sharded(String name, QueueConsumer<String> consumer, int items) throws Exception {
        QueueAllocator<String, DistributedQueue<String>> allocator =
                (curator, path) ->
                        QueueBuilder.builder(curator, consumer, SERIALIZER, path)
                                .putInBackground(false)
                                .buildQueue();
        QueueSharder<String, DistributedQueue<String>> sharder =
                new QueueSharder<>(
                        client,
                        allocator,
                        "/" + name + "/queue",
                        "/" + name + "/leader",
                        QueueSharderPolicies.builder().newQueueThreshold(8).thresholdCheckMs(10).build());
        sharder.start();
        for (int i = 0; i < items; i++) sharder.getQueue().put("java-" + i);
        return sharder;
    }

    private static Closeable simple(String name, QueueConsumer<String> consumer, int items)
            throws Exception {
        SimpleDistributedQueue queue = new SimpleDistributedQueue(client, "/" + name + "/queue");
        for (int i = 0; i < items; i++) queue.offer(("java-" + i).getBytes(UTF_8));
        if (consumer == null) return () -> {};
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                while (true) consumer.consumeMessage(new String(queue.take(), UTF_8));
                            } catch (InterruptedException ended) {
                                // That is how it is told to.
                            } catch (Exception error) {
                                failure = error.toString();
                            }
                        });
        thread.start();
        return thread::interrupt;
    }

    /** Notes what it takes. With locks, items whose names end with 0 fail the first time. */
    private static final class Taker implements QueueConsumer<String> {
        private final String kind;
        private final Set<String> seen = Collections.synchronizedSet(new HashSet<>());

        Taker(String kind) {
            this.kind = kind;
        }

        @Override
        public void consumeMessage(String item) throws Exception {
            if (kindOf(kind).equals("locked") && item.endsWith("0") && seen.add(item)) {
                throw new IllegalStateException("the first time");
            }
            try {
                client.create().forPath("/" + kind + "/results/" + item, "java".getBytes(UTF_8));
            } catch (Exception error) {
                failure = error.toString();
            }
        }

        @Override
        public void stateChanged(CuratorFramework curator, ConnectionState state) {}
    }

    private static void register() throws Exception {
        discovery.registerService(
                ServiceInstance.builder()
                        .name("mail")
                        .id("java")
                        .address("10.0.0.1")
                        .port(25)
                        .payload("text")
                        .serviceType(ServiceType.DYNAMIC)
                        .uriSpec(new UriSpec("{scheme}://{address}:{port}/{id}"))
                        .build());
    }

    private static void lookup() throws Exception {
        ServiceInstance<Object> found = discovery.queryForInstance("mail", "node");
        String text =
                String.join(
                        " ",
                        found.getName(),
                        found.getId(),
                        found.getAddress(),
                        "" + found.getPort(),
                        "" + found.getSslPort(),
                        "" + found.getPayload(),
                        "" + found.getServiceType(),
                        found.buildUriSpec());
        String expected = "mail node 10.0.0.2 26 443 {weight=3} STATIC https://10.0.0.2:443/node";
        if (!text.equals(expected)) throw new IllegalStateException(text);
        if (discovery.queryForInstances("mail").size() != 2) {
            throw new IllegalStateException("there are two instances");
        }
    }
}
