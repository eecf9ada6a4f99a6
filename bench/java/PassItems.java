import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryOneTime;

/** One client that puts items into a queue, in the background, and one that takes them out and works on one at a time. */
final class PassItems {
    private static final int ITEMS_AHEAD = 500;
    private static final String ITEM = "x".repeat(100);
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

    private final String address;
    private final String path;
    private final String lockPath;
    private final AtomicLong count = new AtomicLong();
    private DistributedQueue<String> source;

    PassItems(String address, String path, String lockPath) {
        this.address = address;
        this.path = path;
        this.lockPath = lockPath;
    }

    long count() {
        return count.get();
    }

    void start() throws Exception {
        source = builder(connect(), null).buildQueue();
        source.start();
        QueueConsumer<String> consumer =
                new QueueConsumer<String>() {
                    @Override
                    public void consumeMessage(String item) throws Exception {
                        count.incrementAndGet();
                        source.put(ITEM);
                    }

                    @Override
                    public void stateChanged(CuratorFramework client, ConnectionState state) {}
                };
        builder(connect(), consumer).buildQueue().start();
        for (int i = 0; i < ITEMS_AHEAD; i++) source.put(ITEM);
    }

    private QueueBuilder<String> builder(CuratorFramework client, QueueConsumer<String> consumer) {
        QueueBuilder<String> builder =
                QueueBuilder.builder(client, consumer, SERIALIZER, path);
        return lockPath == null ? builder : builder.lockPath(lockPath);
    }

    private CuratorFramework connect() throws InterruptedException {
        CuratorFramework client =
                CuratorFrameworkFactory.newClient(address, new RetryOneTime(100));
        client.start();
        client.blockUntilConnected();
        return client;
    }
}
