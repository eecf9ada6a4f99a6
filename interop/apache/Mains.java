import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Runs main programs of Apache's in one process, as if each had one of its own: with classes, and so static fields, of its own, and
 * with its own standard streams. Libraries they share, for native code is loaded once. An exit ends the program, not the process.
 * Several run side by side.
 *
 * A line of the standard input is a run: {@code id input class argument...}, all but the id in Base64, with {@code =} for nothing. A
 * line of the standard output is an end: {@code id code output errors}.
 */
public final class Mains {
  /** Threads that a program starts belong to it, and stay when it ends: a session that it left open stays open. */
  private static final InheritableThreadLocal<Run> CURRENT = new InheritableThreadLocal<>();

  private static final class Run {
    final InputStream in;
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    final ByteArrayOutputStream errors = new ByteArrayOutputStream();

    Run(byte[] input) {
      in = new ByteArrayInputStream(input);
    }
  }

  private static final class Exit extends Error {
    final int code;

    Exit(int code) {
      super(null, null, false, false);
      this.code = code;
    }
  }

  /** What is written goes to the stream of whoever writes. */
  private static PrintStream routed(Function<Run, OutputStream> stream) {
    return new PrintStream(
        new OutputStream() {
          @Override
          public void write(int octet) throws IOException {
            stream.apply(CURRENT.get()).write(octet);
          }

          @Override
          public void write(byte[] bytes, int start, int length) throws IOException {
            stream.apply(CURRENT.get()).write(bytes, start, length);
          }
        },
        true,
        StandardCharsets.UTF_8);
  }

  private static final class RoutedInput extends InputStream {
    @Override
    public int read() throws IOException {
      return CURRENT.get().in.read();
    }

    @Override
    public int read(byte[] bytes, int start, int length) throws IOException {
      return CURRENT.get().in.read(bytes, start, length);
    }
  }

  private static int run(ClassLoader loader, String mainClass, String[] arguments) throws Exception {
    Thread.currentThread().setContextClassLoader(loader);
    Consumer<Integer> exit =
        code -> {
          throw new Exit(code);
        };
    loader
        .loadClass("org.apache.zookeeper.util.ServiceUtils")
        .getMethod("setSystemExitProcedure", Consumer.class)
        .invoke(null, exit);
    try {
      loader.loadClass(mainClass).getMethod("main", String[].class).invoke(null, (Object) arguments);
      return 0;
    } catch (InvocationTargetException failure) {
      if (failure.getCause() instanceof Exit) return ((Exit) failure.getCause()).code;
      failure.getCause().printStackTrace();
      return 1;
    }
  }

  public static void main(String[] unused) throws Exception {
    List<URL> jars = new ArrayList<>();
    for (String jar : System.getProperty("java.class.path").split(File.pathSeparator)) {
      jars.add(new File(jar).toURI().toURL());
    }
    // The first one is that of the programs.
    URL[] own = {jars.remove(0)};
    ClassLoader libraries =
        new URLClassLoader(jars.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in));
    PrintStream answers = System.out;
    System.setIn(new RoutedInput());
    System.setOut(routed(run -> run.out));
    System.setErr(routed(run -> run.errors));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      String[] words = line.split(" ");
      ClassLoader loader = new URLClassLoader(own, libraries);
      new Thread(() -> answer(answers, loader, words)).start();
    }
    System.exit(0);
  }

  private static void answer(PrintStream answers, ClassLoader loader, String[] words) {
    Run run = new Run(decode(words[1]));
    CURRENT.set(run);
    String[] texts = new String[words.length - 2];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = new String(decode(words[i + 2]), StandardCharsets.UTF_8);
    }
    String[] arguments = new String[texts.length - 1];
    System.arraycopy(texts, 1, arguments, 0, arguments.length);
    int code;
    try {
      code = run(loader, texts[0], arguments);
    } catch (Throwable failure) {
      failure.printStackTrace();
      code = 1;
    }
    answers.println(words[0] + " " + code + " " + encode(run.out) + " " + encode(run.errors));
  }

  private static byte[] decode(String word) {
    return word.equals("=") ? new byte[0] : Base64.getDecoder().decode(word);
  }

  private static String encode(ByteArrayOutputStream stream) {
    return stream.size() == 0 ? "=" : Base64.getEncoder().encodeToString(stream.toByteArray());
  }
}
