// The ensemble on a terminal: a table that follows it, and keys that kill and start members.

import type { Colors } from '../output.ts';
import { LiveScreen, type LiveTerminal } from '../terminal/live-screen.ts';
import { type Line, renderLine, span } from '../terminal/text-table.ts';
import { ensembleLines } from './ensemble-view.ts';
import type { LocalEnsemble } from './local-ensemble.ts';

const KEYS =
  'q quit  up, down or 1-9 choose a member  k kill it  s stop it in order  r start it again';

/** Shows an ensemble until somebody presses q, or `signal` fires. */
export class LiveEnsemble {
  readonly #ensemble: LocalEnsemble;
  readonly #colors: Colors;
  readonly #headline: readonly Line[];
  readonly #screen: LiveScreen;
  #selected = 0;
  #remark = '';
  #leave: () => void = () => {};
  readonly #left: Promise<void>;

  /** @param headline - what stands above the table. */
  constructor(
    ensemble: LocalEnsemble,
    terminal: LiveTerminal,
    colors: Colors,
    headline: readonly Line[],
  ) {
    this.#ensemble = ensemble;
    this.#colors = colors;
    this.#headline = headline;
    this.#left = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.#screen = new LiveScreen(
      terminal,
      (key) => this.#onKey(key),
      () => this.draw(),
    );
  }

  /** Resolves when it is over. The terminal is given back by {@link close}. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', this.#leave);
    if (signal.aborted) this.#leave();
    this.draw();
    await this.#left;
    signal.removeEventListener('abort', this.#leave);
  }

  close(): void {
    this.#screen.close();
  }

  draw(): void {
    const { columns, rows } = this.#screen.size;
    const { rows: members, hasQuorum } = this.#ensemble;
    const state = hasQuorum
      ? span('It serves.', 'good')
      : span('It has no quorum: it takes no writes.', 'warning');
    const body: Line[] = [
      ...this.#headline,
      [state],
      [],
      ...ensembleLines(members, members[this.#selected]?.place.id),
    ];
    const footer: Line[] = [[span(this.#remark, 'warning')], [span(KEYS, 'dim')]];
    const room = Math.max(0, rows - footer.length);
    const filled = [...body.slice(0, room)];
    while (filled.length < room) filled.push([]);
    this.#screen.show(
      [...filled, ...footer].map((line) => renderLine(line, this.#colors, columns)),
    );
  }

  #onKey(key: string): void {
    const { members } = this.#ensemble;
    const member = members[this.#selected]!;
    const { id } = member.place;
    switch (key) {
      case 'q':
      case 'ctrl-c':
      case 'escape':
        this.#leave();
        return;
      case 'up':
        this.#selected = (this.#selected + members.length - 1) % members.length;
        break;
      case 'down':
        this.#selected = (this.#selected + 1) % members.length;
        break;
      case 'k':
        this.#remark = `Member ${id} was killed.`;
        void member.kill();
        break;
      case 's':
        this.#remark = `Member ${id} was told to stop.`;
        void member.stop();
        break;
      case 'r':
        this.#remark = `Member ${id} was started.`;
        // A member that runs ends first: that is what "again" means.
        void member.stop().then(() => member.start());
        break;
      default:
        if (!/^[1-9]$/.test(key) || Number(key) > members.length) return;
        this.#selected = Number(key) - 1;
    }
    this.draw();
  }
}
