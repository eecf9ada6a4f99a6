import { isSecretName } from './config-keys.ts';
import type { ConfigPlace, ConfigProblem, ConfigWarning } from './config-report.ts';

/** What stands in the place of a secret. */
export const MASK = '***';

/** The place of what is in no file. */
export const NOWHERE: ConfigPlace = { file: undefined, line: undefined };

/** A value, and where it stands. */
export interface PlacedText extends ConfigPlace {
  readonly text: string;
}

/** Gathers what is to be said about a configuration. */
export class Remarks {
  readonly #problems: ConfigProblem[] = [];
  readonly #warnings: ConfigWarning[] = [];

  /** By line; what has none comes last. */
  get problems(): readonly ConfigProblem[] {
    return inFileOrder(this.#problems);
  }

  /** By line; what has none comes last. */
  get warnings(): readonly ConfigWarning[] {
    return inFileOrder(this.#warnings);
  }

  hasProblem(key: string): boolean {
    return this.#problems.some((problem) => problem.key === key);
  }

  /** A value is wrong. */
  refuse(key: string, at: PlacedText, reason: string, remedy: string): void {
    const place = { file: at.file, line: at.line };
    this.#problems.push({ ...place, key, value: shown(key, at.text), reason, remedy });
  }

  /** Something is wrong that has no value: a key that is missing, a file. */
  miss(key: string, place: ConfigPlace, reason: string, remedy: string): void {
    this.#problems.push({ ...place, key, value: undefined, reason, remedy });
  }

  /** A value works other than its author may think. */
  warn(key: string, at: PlacedText, message: string): void {
    const place = { file: at.file, line: at.line };
    this.#warnings.push({ ...place, key, value: shown(key, at.text), message });
  }

  /** Keys work other than their author may think, whatever their values. */
  warnOfKeys(keys: readonly string[], message: string): void {
    this.#warnings.push({ ...NOWHERE, key: keys.join(', '), value: undefined, message });
  }
}

/** A value as it may be shown. */
export function shown(key: string, text: string): string {
  return isSecretName(key.replace(/^-D/, '')) ? MASK : text;
}

function inFileOrder<T extends ConfigPlace>(remarks: readonly T[]): readonly T[] {
  const lineOf = (remark: T) => remark.line ?? Number.POSITIVE_INFINITY;
  return [...remarks].sort((left, right) =>
    lineOf(left) === lineOf(right) ? 0 : lineOf(left) - lineOf(right),
  );
}
