// The loop of the live view: asks all servers every so often, draws after each answer, obeys keys.

import { setTimeout as wait } from 'node:timers/promises';
import { CommandError } from '../exit.ts';
import type { Colors } from '../output.ts';
import { LiveScreen, type LiveTerminal } from '../terminal/live-screen.ts';
import { type Line, renderLine, span } from '../terminal/text-table.ts';
import { askWord, describeHost, type HostPort } from '../words/ask-word.ts';
import { isNotWhitelisted } from '../words/word-answer.ts';
import type { WordTls } from '../words/word-tls.ts';
import { lookAtServer } from './look-at-server.ts';
import { ServerTable, type SortOrder, sortKeys } from './top-view.ts';

/** What is watched, and how. */
export interface TopOptions {
  readonly servers: readonly HostPort[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly order: SortOrder;
  readonly scope: 'server' | 'server-and-connections';
  readonly tls?: WordTls | undefined;
}

const KEYS =
  'q quit  s sort by the next column  o other way round  c connections  r reset statistics  space ask now';

/** Shows the servers until somebody presses q, or `signal` is aborted. */
export async function runTop(
  options: TopOptions,
  terminal: LiveTerminal,
  colors: Colors,
  signal: AbortSignal,
): Promise<void> {
  const view = new LiveTop(options, terminal, colors);
  const leave = () => view.leave();
  signal.addEventListener('abort', leave);
  try {
    await view.run();
  } finally {
    signal.removeEventListener('abort', leave);
    view.close();
  }
}

class LiveTop {
  readonly #options: TopOptions;
  readonly #colors: Colors;
  readonly #screen: LiveScreen;
  readonly #table: ServerTable;
  #order: SortOrder;
  #scope: TopOptions['scope'];
  #remark = '';
  #isLeaving = false;
  /** Ends the pause between two rounds. */
  #pause = new AbortController();

  constructor(options: TopOptions, terminal: LiveTerminal, colors: Colors) {
    this.#options = options;
    this.#colors = colors;
    this.#order = options.order;
    this.#scope = options.scope;
    this.#table = new ServerTable(options.servers.map(describeHost));
    this.#screen = new LiveScreen(
      terminal,
      (key) => this.#onKey(key),
      () => this.#draw(),
    );
  }

  async run(): Promise<void> {
    this.#draw();
    while (!this.#isLeaving) {
      this.#pause = new AbortController();
      const round = Promise.all(this.#options.servers.map((server) => this.#ask(server)));
      // A round that is slow does not keep anybody from leaving.
      await Promise.race([round, aborted(this.#pause.signal)]);
      if (this.#isLeaving) return;
      await wait(this.#options.intervalMs, undefined, { signal: this.#pause.signal }).catch(
        () => {},
      );
    }
  }

  leave(): void {
    this.#isLeaving = true;
    this.#pause.abort();
  }

  close(): void {
    this.#isLeaving = true;
    this.#screen.close();
  }

  async #ask(server: HostPort): Promise<void> {
    const { timeoutMs, tls } = this.#options;
    const look = await lookAtServer(server, { timeoutMs, scope: this.#scope, tls });
    if (this.#isLeaving) return;
    this.#table.update(describeHost(server), look, performance.now());
    this.#draw();
  }

  #onKey(key: string): void {
    switch (key) {
      case 'q':
      case 'ctrl-c':
      case 'escape':
        this.leave();
        return;
      case 's':
      case 'right':
        this.#sortByNeighbour(1);
        break;
      case 'left':
        this.#sortByNeighbour(-1);
        break;
      case 'o': {
        const direction = this.#order.direction === 'default' ? 'reversed' : 'default';
        this.#order = { ...this.#order, direction };
        break;
      }
      case 'c':
        this.#scope = this.#scope === 'server' ? 'server-and-connections' : 'server';
        this.#pause.abort();
        break;
      case ' ':
        this.#pause.abort();
        break;
      case 'r':
        void this.#reset();
        break;
      default:
        return;
    }
    this.#draw();
  }

  #sortByNeighbour(step: number): void {
    const at = sortKeys.indexOf(this.#order.key) + step + sortKeys.length;
    this.#order = { key: sortKeys[at % sortKeys.length]!, direction: 'default' };
  }

  /** What the servers count since their start, they count from now on. Never throws. */
  async #reset(): Promise<void> {
    const { servers, timeoutMs, tls } = this.#options;
    const results = await Promise.all(
      servers.map(async (server) => {
        try {
          const answer = await askWord(server, 'srst', { timeoutMs, answerBytesMax: 4096, tls });
          return isNotWhitelisted(answer) ? 'refused' : 'reset';
        } catch (error) {
          if (!(error instanceof CommandError)) throw error;
          return 'failed';
        }
      }),
    );
    const resetCount = results.filter((result) => result === 'reset').length;
    const refused = results.includes('refused')
      ? '; srst is not in the whitelist of the others'
      : '';
    this.#remark = `Statistics of ${resetCount} of ${servers.length} servers were reset${refused}.`;
    if (!this.#isLeaving) this.#draw();
    this.#pause.abort();
  }

  #draw(): void {
    if (this.#isLeaving) return;
    const { columns, rows } = this.#screen.size;
    const { servers, intervalMs } = this.#options;
    const lines: Line[] = [
      [
        span('zooid top', 'bold'),
        span(
          `  ${this.#table.answeringCount} of ${servers.length} servers answer, asked every ${intervalMs / 1000} s`,
        ),
      ],
      [],
      ...this.#table.lines(this.#order),
    ];
    const footer: Line[] = [
      ...(this.#remark === '' ? [] : [[span(this.#remark, 'warning')]]),
      [span(KEYS, 'dim')],
    ];
    if (this.#scope === 'server-and-connections') {
      const room = rows - lines.length - footer.length - 5;
      lines.push([], ...this.#table.connectionLines(room));
    }
    // The keys stand in the last line, whatever there is above.
    const body = lines.slice(0, Math.max(0, rows - footer.length));
    while (body.length < rows - footer.length) body.push([]);
    this.#screen.show([...body, ...footer].map((line) => renderLine(line, this.#colors, columns)));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
