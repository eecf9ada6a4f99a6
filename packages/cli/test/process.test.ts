import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runZooid, zooidCommand } from './support/run-zooid.ts';

const root = join(import.meta.dirname, '../../..');
const entry = join(import.meta.dirname, '../src/index.ts');
const NO_ADMIN = '-Dzookeeper.admin.enableServer=false';

/** A process of the command, run from the sources. */
class Zooid {
  readonly child: ChildProcess;
  output = '';
  readonly ended: Promise<number | null>;
  readonly #waiting: (() => void)[] = [];

  constructor(args: readonly string[]) {
    const script = `import { runProcess } from ${JSON.stringify(entry)}; await runProcess(${JSON.stringify(args)});`;
    const node = [
      '--conditions=@zooid/source',
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      script,
    ];
    this.child = spawn(process.execPath, node, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        for (const wake of this.#waiting.splice(0)) wake();
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => {
        resolve(code);
        for (const wake of this.#waiting.splice(0)) wake();
      });
    });
  }

  /** Resolves with the match as soon as the output has it. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (this.child.exitCode !== null)
        throw new Error(`ended without ${pattern}:\n${this.output}`);
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }
}

function ask(port: number, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(word));
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    socket.on('end', () => resolve(answer)).on('error', reject);
  });
}

describe('the process', () => {
  const running: Zooid[] = [];
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'zooid-process-'));
  });

  afterEach(async () => {
    for (const { child, ended } of running.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(directory, { recursive: true });
  });

  function run(...args: readonly string[]): Zooid {
    const zooid = new Zooid(args);
    running.push(zooid);
    return zooid;
  }

  async function portOf(zooid: Zooid): Promise<number> {
    return Number((await zooid.until(/"address":"[^"]*:(\d+)"/))[1]);
  }

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'serves until %s, then stops in order and ends with 0',
    async (signal) => {
      const zooid = run('server', '0', directory, NO_ADMIN);
      expect(await ask(await portOf(zooid), 'srvr')).toContain('Mode: standalone');
      zooid.child.kill(signal);
      expect(await zooid.ended).toBe(0);
    },
    60_000,
  );

  test('names the same release in its version and to those who ask the server', async () => {
    const { out } = await runZooid(['version', '--json']);
    const { zooid, zookeeper } = JSON.parse(out) as Record<string, string>;
    const port = await portOf(run('server', '0', directory, NO_ADMIN));
    expect(await ask(port, 'srvr')).toContain(`version: ${zookeeper}-zooid-${zooid}, built on`);
  }, 60_000);

  test('ends quietly when nobody reads its answer any more', async () => {
    const [program, ...args] = zooidCommand;
    const child = spawn(program!, [...args, '--help'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy(); // Long before the command writes.
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const code = await new Promise((closed) => child.on('close', closed));
    expect([code, errors]).toEqual([0, '']);
  }, 60_000);

  test('ends with 3 when another server has the data directory', async () => {
    await portOf(run('server', '0', directory, NO_ADMIN));
    const second = run('server', '0', directory, NO_ADMIN);
    expect(await second.ended).toBe(3);
    expect(second.output).toContain(directory);
  }, 60_000);

  test('ends with 1 when another server has the port, and names it', async () => {
    const port = await portOf(run('server', '0', join(directory, 'one'), NO_ADMIN));
    const second = run('server', String(port), join(directory, 'two'), NO_ADMIN);
    expect(await second.ended).toBe(1);
    expect(second.output).toContain(`port ${port} is in use`);
  }, 60_000);

  test('ends with 2 for a wrong configuration', async () => {
    const zooid = run('server', 'x', directory);
    expect(await zooid.ended).toBe(2);
    expect(zooid.output).toContain('clientPort=x is not a whole number');
  }, 60_000);
});
