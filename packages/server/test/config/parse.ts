import {
  type ConfigInput,
  type ConfigProblem,
  type ConfigWarning,
  describeProblem,
  describeWarning,
  parseServerConfig,
  type ServerConfig,
} from '../../src/config/config.ts';

const BASE = 'dataDir=/data\nclientPort=2181\n';

/** The configuration of a text that must be good, after the two keys that every file needs. */
export function good(text: string, input: ConfigInput = {}): ServerConfig {
  return goodWithWarnings(text, input).config;
}

/** The same with what was remarked. */
export function goodWithWarnings(
  text: string,
  input: ConfigInput = {},
): { readonly config: ServerConfig; readonly warnings: readonly ConfigWarning[] } {
  const parsed = parseServerConfig({ file: 'zoo.cfg', text: BASE + text, ...input });
  if (!parsed.ok) throw new Error(parsed.problems.map(describeProblem).join('\n'));
  return parsed;
}

/** The problems of a text that must be refused. */
export function bad(text: string, input: ConfigInput = {}): readonly ConfigProblem[] {
  const parsed = parseServerConfig({ file: 'zoo.cfg', text: BASE + text, ...input });
  if (parsed.ok) throw new Error('was accepted');
  return parsed.problems;
}

/** What is remarked on a text that must be good, as lines. */
export function warningsOf(text: string, input: ConfigInput = {}): readonly string[] {
  return goodWithWarnings(text, input).warnings.map(describeWarning);
}
