/** Apache's shell and file tools, many runs in one process: most of the time of a short one is that of its JVM. */
import { resolve } from 'node:path';
import { APACHE_CLASSPATH } from './peers.ts';
import { type Finished, type Running, startProcess } from './process.ts';

const PROGRAM = resolve(import.meta.dirname, '../apache/Mains.java');
/** Main class of the shell. */
export const SHELL = 'org.apache.zookeeper.ZooKeeperMain';

const RUN_MS_MAX = 60_000;

/** The process. Each run is as one in a process of its own, but that a session it leaves open lives on until all end. */
export class ApachePrograms implements AsyncDisposable {
  readonly #running: Running;
  readonly #waiting = new Map<number, (end: Finished) => void>();
  #lastId = 0;
  #rest = '';
  #isOver = false;

  /** Needs the peer `javac`: the process compiles {@link PROGRAM} when it starts. */
  constructor() {
    const options = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    const locale = ['-Dfile.encoding=UTF-8', '-Duser.timezone=UTC', '-Duser.language=en'];
    // What Apache's jar itself would bring, too, must be among the libraries if they use it.
    const libraries = ['slf4j-api', 'jackson-core'].map((name) => `/usr/share/java/${name}.jar`);
    const classPath = [APACHE_CLASSPATH, ...libraries].join(':');
    this.#running = startProcess('java', [...options, ...locale, '-cp', classPath, PROGRAM], {
      onOutput: (text) => this.#take(text),
    });
    void this.#running.finished.then(({ stderr }) => {
      this.#isOver = true;
      for (const end of this.#waiting.values()) {
        end({ code: null, signal: null, stdout: '', stderr: `the JVM has ended: ${stderr}` });
      }
    });
  }

  /** Runs a main class to its end. @throws when it takes too long. */
  async run(mainClass: string, args: readonly string[], input = ''): Promise<Finished> {
    const id = ++this.#lastId;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Finished>((end, fail) => {
        const late = `${mainClass} ${args.join(' ')} ran longer than ${RUN_MS_MAX} ms`;
        timer = setTimeout(() => fail(new Error(late)), RUN_MS_MAX);
        this.#waiting.set(id, end);
        if (this.#isOver) fail(new Error('the JVM has ended'));
        this.#running.write(`${[id, ...[input, mainClass, ...args].map(encode)].join(' ')}\n`);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const [id, code, stdout = '', stderr = ''] = line.split(' ');
      this.#waiting.get(Number(id))?.({
        code: Number(code),
        signal: null,
        stdout: decode(stdout),
        stderr: decode(stderr),
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.stop('SIGKILL');
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64') || '=';
}

function decode(word: string): string {
  return Buffer.from(word, 'base64').toString();
}
