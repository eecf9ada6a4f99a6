export { ExitCode } from './exit.ts';
export { type RunOptions, runProcess } from './main.ts';
