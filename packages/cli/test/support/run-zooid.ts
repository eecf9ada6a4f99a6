import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(import.meta.dirname, '../../../..');

/** Program and first arguments that run the command from its sources. */
export const zooidCommand: readonly string[] = [
  process.execPath,
  '--conditions=@zooid/source',
  '--import',
  'tsx',
  fileURLToPath(new URL('./zooid.ts', import.meta.url)),
];

/** How a run of the command ended. */
export interface ZooidRun {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs one command line in a process of its own, to its end. */
export function runZooid(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ZooidRun> {
  const [program, ...first] = zooidCommand;
  return new Promise((resolve, reject) => {
    const child = spawn(program!, [...first, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...environment },
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    let out = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    child.on('error', reject).on('close', (code) => resolve({ code, out, errors }));
  });
}
