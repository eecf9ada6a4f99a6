/** A server in a process of its own, as its command starts it; killed when the test ends. */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from '../raw-client.ts';

const root = path.join(import.meta.dirname, '../../../..');
const command = path.join(root, 'packages/cli/src/index.ts');

export class ServerProcess {
  readonly child: ChildProcess;
  /** What it wrote to both of its outputs. */
  output = '';
  /** Resolves with the exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  #hasEnded = false;

  /** Starts `zooid server` with these arguments. */
  static start(...args: readonly string[]): ServerProcess {
    const server = new ServerProcess(args);
    onTestFinished(async () => {
      await server.kill('SIGKILL');
    });
    return server;
  }

  /** Starts it with a zoo.cfg of these lines, on a free port and without an admin server unless they say else. */
  static configured(dataDir: string, lines: readonly string[] = []): ServerProcess {
    const file = path.join(dataDir, '..', `${path.basename(dataDir)}.cfg`);
    const defaults = ['clientPort=0', 'clientPortAddress=127.0.0.1', 'maxClientCnxns=0'];
    const isAdminGiven = lines.some((line) => line.startsWith('admin.'));
    if (!isAdminGiven) defaults.push('admin.enableServer=false');
    const names = new Set(lines.map((line) => line.split('=')[0]));
    const kept = defaults.filter((line) => !names.has(line.split('=')[0]!));
    fs.writeFileSync(file, [`dataDir=${dataDir}`, ...kept, ...lines].join('\n'));
    return ServerProcess.start(file);
  }

  private constructor(args: readonly string[]) {
    const script = `import { runProcess } from ${JSON.stringify(command)}; await runProcess(${JSON.stringify(['server', ...args])});`;
    const node = ['--conditions=@zooid/source', '--import', 'tsx', '--input-type=module', '--eval'];
    this.child = spawn(process.execPath, [...node, script], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => {
        this.#hasEnded = true;
        resolve(code);
      });
    });
  }

  /** The client port; waits for the server. @throws when it ends instead. */
  async port(): Promise<number> {
    return Number((await this.until(/"address":"[^"]*:(\d+)"/))[1]);
  }

  /** Waits for output. @throws when the process ends without. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    await until(() => pattern.test(this.output) || this.#hasEnded, `output like ${pattern}`);
    const match = pattern.exec(this.output);
    if (match === null) throw new Error(`ended without ${pattern}:\n${this.output}`);
    return match;
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null> {
    if (!this.#hasEnded) this.child.kill(signal);
    return this.ended;
  }
}
