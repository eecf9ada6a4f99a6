import type { Output } from '../output.ts';
import { printableLine } from '../terminal/printable.ts';

/** How bad it is. An `error` loses data or keeps a server from starting; a `warning` will, or costs something. */
export type Severity = 'error' | 'warning' | 'info';

/** One thing that a check found. */
export interface Finding {
  readonly severity: Severity;
  /** Stable, for scripts: `LOG_GAP`, `TORN_TAIL`... */
  readonly code: string;
  /** The file, directory or server it is about. */
  readonly where: string;
  /** Where in the file. */
  readonly offset?: number | undefined;
  /** What is so: a sentence without its subject where that is `where`. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
}

/** What an examination came to. */
export interface Diagnosis {
  /** What is so, one fact a line. */
  readonly facts: readonly string[];
  readonly findings: readonly Finding[];
}

/** A diagnosis that is being made. */
export class Notes implements Diagnosis {
  readonly facts: string[] = [];
  readonly findings: Finding[] = [];

  find(severity: Severity, code: string, where: string, message: string, remedy?: string): void {
    this.findings.push({ severity, code, where, message, remedy });
  }

  has(code: string): boolean {
    return this.findings.some((finding) => finding.code === code);
  }
}

/** Prints findings for a person, the worst first. */
export function printFindings(output: Output, findings: readonly Finding[]): void {
  const { colors } = output;
  const label: Record<Severity, string> = {
    error: colors.red('error:'),
    warning: colors.yellow('warning:'),
    info: colors.dim('info:'),
  };
  for (const severity of ['error', 'warning', 'info'] as const) {
    for (const finding of findings) {
      if (finding.severity !== severity) continue;
      const place = finding.offset === undefined ? '' : `, offset ${finding.offset}`;
      output.line(
        `${label[severity]} ${printableLine(`${finding.where}${place}: ${finding.message}`)}`,
      );
      if (finding.remedy !== undefined) output.line(`  ${colors.dim('→')} ${finding.remedy}`);
    }
  }
}

/** Whether there is something to do. */
export function hasProblems(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity !== 'info');
}
