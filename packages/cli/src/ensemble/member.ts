import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { lastWordsOf } from '../life/start-server.ts';
import { printableLine } from '../terminal/printable.ts';
import type { MemberPlace } from './layout.ts';

/** How long an orderly end may take before it is an end by force. */
const STOP_MS_MAX = 10_000;

/** How a member's process is. */
export type MemberState =
  | { readonly kind: 'running'; readonly pid: number }
  /** It was told to end and has not yet. */
  | { readonly kind: 'ending'; readonly pid: number }
  /** It is down because somebody wanted it. */
  | { readonly kind: 'down' }
  /** It ended by itself. */
  | { readonly kind: 'failed'; readonly reason: string };

/** One server of a local ensemble, in a process of its own, which can be killed and started again. */
export class Member {
  readonly place: MemberPlace;
  readonly #command: readonly string[];
  readonly #onChange: () => void;
  #state: MemberState = { kind: 'down' };
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  /**
   * @param selfCommand - what runs this same command once more.
   * @param onChange - called whenever the state is another.
   */
  constructor(place: MemberPlace, selfCommand: readonly string[], onChange: () => void) {
    this.place = place;
    this.#command = [...selfCommand, 'server', place.configFile];
    this.#onChange = onChange;
  }

  get state(): MemberState {
    return this.#state;
  }

  /** Starts it, when it has ended. No effect while it runs. */
  start(): void {
    if (this.#child !== undefined) return;
    const { logFile } = this.place;
    const log = openSync(logFile, 'a');
    const logStart = fstatSync(log).size;
    const [program, ...args] = this.#command;
    // In a group of its own: Ctrl-C is ours to tell.
    const child = spawn(program!, args, { stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.#child = child;
    this.#set({ kind: 'running', pid: child.pid ?? 0 });
    this.#ended = new Promise((resolve) => {
      child.on('error', (error) => {
        this.#child = undefined;
        this.#set({ kind: 'failed', reason: error.message });
        resolve();
      });
      child.on('exit', (code, signal) => {
        this.#child = undefined;
        const wasAsked = this.#state.kind === 'ending';
        const words = lastWordsOf(logFile, logStart).at(-1) ?? 'it said nothing';
        const reason = `ended with ${signal ?? code}: ${printableLine(words)}`;
        this.#set(wasAsked ? { kind: 'down' } : { kind: 'failed', reason });
        resolve();
      });
    });
  }

  /** Ends it as a power failure would. Resolves when it is gone. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Ends it in order, and by force if that takes too long. Resolves when it is gone. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_MS_MAX);
    await this.#end('SIGTERM');
    clearTimeout(timer);
  }

  #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child !== undefined) {
      this.#set({ kind: 'ending', pid: child.pid ?? 0 });
      child.kill(signal);
    }
    return this.#ended;
  }

  #set(state: MemberState): void {
    this.#state = state;
    this.#onChange();
  }
}
