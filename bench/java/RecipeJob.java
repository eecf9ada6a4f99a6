import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryOneTime;

/**
 * Two clients that pass a lock to and fro by Curator, each in a thread of its own, as its users write it.
 *
 * <p>Usage: host:port path warmUpMs measureMs. Prints hand-overs in the measured time, its length in ns and the processor time of the
 * process in it, in ns.
 */
public final class RecipeJob {
    private static final AtomicBoolean stopped = new AtomicBoolean();
    /** Written by whoever holds the lock. */
    private static volatile long handOvers = 0;

    private static volatile int last = -1;

    private RecipeJob() {}

    public static void main(String[] arguments) throws Exception {
        String address = arguments[0];
        String path = arguments[1];
        Thread[] threads = new Thread[2];
        for (int i = 0; i < threads.length; i++) {
            int client = i;
            threads[i] = new Thread(() -> pass(address, path, client));
            threads[i].start();
        }
        Thread.sleep(Long.parseLong(arguments[2]));
        long countBefore = handOvers;
        long usedBefore = processorNs();
        long since = System.nanoTime();
        Thread.sleep(Long.parseLong(arguments[3]));
        long count = handOvers - countBefore;
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
