import type { Busyness, LatencySummary } from 'zooid/load';
import type { ClientName } from '../client/client-row.ts';
import type { RecipeName } from '../recipes/recipe-row.ts';
import type { TargetName } from '../servers/server-kind.ts';
import type { Bar } from './bar.ts';
import { isReached } from './bar.ts';
import { median } from './median.ts';

/** Whose figure it is. */
export type ColumnName = TargetName | ClientName | RecipeName;

/** What a figure is counted in. */
export type Unit = '/s' | 'ms' | 'MB' | 'us' | '';

/** One measurement. */
export interface Sample {
  readonly value: number;
  readonly latency?: LatencySummary;
  /** Without `generator` where that is what is measured. */
  readonly busyness?: Omit<Busyness, 'generator'> & Partial<Pick<Busyness, 'generator'>>;
  /** Processor time of the client for each call, in microseconds. */
  readonly processorUs?: number;
}

/** What a row is about. */
export interface RowHead {
  readonly id: string;
  readonly unit: Unit;
  readonly bar: Bar | undefined;
}

/** One row of the result: the median of what was measured of each. */
export interface ResultRow extends RowHead {
  readonly figures: Readonly<Partial<Record<ColumnName, Figure>>>;
  /** Ours divided by theirs. */
  readonly ratio: number | undefined;
  readonly isReached: boolean | undefined;
}

/** The median over the rounds; latencies and the rest are of the round that is nearest to it. */
export interface Figure extends Sample {
  readonly rounds: number;
  readonly min: number;
  readonly max: number;
}

/** Collects samples over all rounds and columns. */
export class Results {
  readonly #rows = new Map<string, { head: RowHead; samples: Map<ColumnName, Sample[]> }>();
  readonly #ours: ColumnName;
  readonly #theirs: ColumnName;

  /** The two columns that are compared. */
  constructor(ours: ColumnName = 'zooid', theirs: ColumnName = 'apache') {
    this.#ours = ours;
    this.#theirs = theirs;
  }

  add(head: RowHead, target: ColumnName, sample: Sample): void {
    let row = this.#rows.get(head.id);
    if (row === undefined) {
      row = { head, samples: new Map() };
      this.#rows.set(head.id, row);
    }
    const samples = row.samples.get(target);
    if (samples === undefined) row.samples.set(target, [sample]);
    else samples.push(sample);
  }

  /** Rows in the order in which they were first measured. */
  rows(): readonly ResultRow[] {
    return [...this.#rows.values()].map(({ head, samples }) => {
      const figures: Partial<Record<ColumnName, Figure>> = {};
      for (const [target, list] of samples) figures[target] = figureOf(list);
      const ours = figures[this.#ours]?.value;
      const theirs = figures[this.#theirs]?.value;
      return {
        ...head,
        figures,
        ratio: ours === undefined || theirs === undefined ? undefined : ours / theirs,
        isReached: head.bar === undefined ? undefined : isReached(head.bar, ours, theirs),
      };
    });
  }
}

function figureOf(samples: readonly Sample[]): Figure {
  const values = samples.map(({ value }) => value);
  const middle = median(values);
  const distance = (sample: Sample): number => Math.abs(sample.value - middle);
  const typical = samples.reduce((best, one) => (distance(one) < distance(best) ? one : best));
  return {
    ...typical,
    value: middle,
    rounds: samples.length,
    min: Math.min(...values),
    max: Math.max(...values),
  };
}
