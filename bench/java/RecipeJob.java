import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryOneTime;

/**
 * Two clients of Curator that pass a lock to and fro, each in a thread of its own, or items through a queue, as its users write it.
 *
 * <p>Usage: work host:port path warmUpMs measureMs. Prints hand-overs or items in the measured time, its length in ns and the processor
 * time of the process in it, in ns.
 */
public final class RecipeJob {
    private static final AtomicBoolean stopped = new AtomicBoolean();
    /** Written by whoever holds the lock. */
    private static volatile long handOvers = 0;

    private static volatile int last = -1;

    private RecipeJob() {}

    public static void main(String[] arguments) throws Exception {
        String address = arguments[1];
        String path = arguments[2];
        PassItems items = null;
        Thread[] threads = new Thread[arguments[0].equals("lock") || arguments[0].equals("lock-ahead") ? 2 : 0];
        for (int i = 0; i < threads.length; i++) {
            int client = i;
            threads[i] = new Thread(() -> pass(address, path, client));
            threads[i].start();
        }
        if (threads.length == 0) {
            items = new PassItems(address, path, arguments[0].equals("queue") ? null : path + "-locks");
            items.start();
        }
        Thread.sleep(Long.parseLong(arguments[3]));
        long countBefore = items == null ? handOvers : items.count();
        long usedBefore = processorNs();
        long since = System.nanoTime();
        Thread.sleep(Long.parseLong(arguments[4]));
        long count = (items == null ? handOvers : items.count()) - countBefore;
        long elapsed = System.nanoTime() - since;
        System.out.println(count + " " + elapsed + " " + (processorNs() - usedBefore));
        stopped.set(true);
        for (Thread thread : threads) thread.join();
        System.exit(0);
    }

    private static void pass(String address, String path, int client) {
        try (CuratorFramework curator =
                CuratorFrameworkFactory.newClient(address, new RetryOneTime(100))) {
            curator.start();
            curator.blockUntilConnected();
            InterProcessMutex mutex = new InterProcessMutex(curator, path);
            while (!stopped.get()) {
                mutex.acquire();
                if (last != client) handOvers++;
                last = client;
                mutex.release();
            }
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    private static long processorNs() {
        return ((com.sun.management.OperatingSystemMXBean)
                        java.lang.management.ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }
}
