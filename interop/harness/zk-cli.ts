/** Apache's own shell, run on one server, its output made comparable. */
import { type ApachePrograms, SHELL } from './apache-programs.ts';
import type { TestServer } from './server.ts';

/** What a run of the shell gave. */
export interface ShellRun {
  readonly code: number | null;
  /** Lines of standard output, watch events left out. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** `WatchedEvent ...` lines in order; they come from another thread than the rest. */
  readonly events: readonly string[];
}

function normalise(text: string, server: TestServer): string {
  return (
    text
      .replaceAll(server.address, 'ADDRESS')
      .replaceAll(/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}/g, 'DATE')
      .replaceAll(/0x[0-9a-f]{13,16}\b/g, 'SESSION')
      // The ids of a connection come in the order of a Java hash table.
      .replaceAll(/(?:^(?:ip|digest|super): .*\n)+/gm, (ids) =>
        ids
          .split(/(?<=\n)/)
          .sort()
          .join(''),
      )
  );
}

/**
 * Runs commands through standard input, or one command (`oneShot`) given as arguments.
 * `ADDRESS` in a command stands for the server's.
 */
export async function runZkCli(
  programs: ApachePrograms,
  server: TestServer,
  commands: readonly string[],
  oneShot: readonly string[] = [],
): Promise<ShellRun> {
  const finished = await programs.run(
    SHELL,
    ['-waitforconnection', '-server', server.address, ...oneShot],
    commands.map((line) => `${line.replaceAll('ADDRESS', server.address)}\n`).join(''),
  );
  const lines = normalise(finished.stdout, server).split('\n');
  const isEvent = (line: string) => line.startsWith('WatchedEvent ');
  // Its own end may or may not be printed before it is over.
  const isEnd = (line: string) => line.includes('state:Closed');
  const isNoise = (line: string) => line === '' || line === 'WATCHER::' || isEvent(line);
  return {
    code: finished.code,
    stdout: lines.filter((line) => !isNoise(line)),
    stderr: normalise(finished.stderr, server)
      .split('\n')
      .filter((line) => line !== ''),
    events: lines.filter((line) => isEvent(line) && !isEnd(line)),
  };
}
