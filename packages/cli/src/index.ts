export { runCommandLine } from './command-line.ts';
export { ExitCode, exitCodeOf } from './exit-code.ts';
export type { ProcessParts } from './process-parts.ts';
export { type RunOptions, runProcess } from './run-process.ts';
