export { ExitCode, exitCodeOf } from './exit.ts';
export { type RunOptions, runProcess } from './main.ts';
export type { ProcessParts } from './process-parts.ts';
export { runCommandLine } from './program.ts';
