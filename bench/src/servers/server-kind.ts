import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Which server is measured. */
export type TargetName = 'apache' | 'zooid' | 'fixed' | 'other';

/** A server that the benchmark can start. */
export interface ServerKind {
  readonly name: TargetName;
  /** As the table heads its column. */
  readonly title: string;
  /** The process for a configuration file; more arguments for Node are for servers that run on it. */
  readonly command: (configPath: string, moreNodeArgs?: readonly string[]) => ServerCommand;
}

/** What is spawned. */
export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
}

const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url));
const JARS_DIR = '/usr/share/java';
const JARS = ['zookeeper', 'slf4j-nop', 'netty-all', 'snappy-java'] as const;
/** Enough for a million znodes and 10,000 connections, so that collections do not cripple it. */
const JAVA_HEAP = '-Xmx3g';

/** Apache's server from Debian's packages; undefined when it or Java is not installed. */
export function findApacheServer(): ServerKind | undefined {
  const jars = JARS.map((name) => join(JARS_DIR, `${name}.jar`));
  if (!jars.every((jar) => existsSync(jar)) || javaVersion() === undefined) return undefined;
  const version = /zookeeper-(.+)\.jar/.exec(basename(realpathSync(jars[0]!)))?.[1] ?? '';
  return {
    name: 'apache',
    title: `Apache ${version}`.trim(),
    command: (configPath) => ({
      file: 'java',
      args: [
        JAVA_HEAP,
        '-cp',
        jars.join(':'),
        'org.apache.zookeeper.server.quorum.QuorumPeerMain',
        configPath,
      ],
    }),
  };
}

/**
 * Our server as `npm start` runs it; undefined when it is not built.
 *
 * @param nodeArgs - more arguments for Node, such as `--cpu-prof`.
 */
export function findZooidServer(nodeArgs: readonly string[]): ServerKind | undefined {
  const bin = join(repositoryRoot, 'packages/cli/bin/zooid.mjs');
  if (!existsSync(bin)) return undefined;
  return {
    name: 'zooid',
    title: 'Zooid',
    command: (configPath, moreNodeArgs = []) => ({
      file: process.execPath,
      args: [...nodeArgs, ...moreNodeArgs, bin, 'server', configPath],
    }),
  };
}

/** First line of `java -version`; undefined when there is none. */
export function javaVersion(): string | undefined {
  try {
    const output = execFileSync('java', ['--version'], { encoding: 'utf8' });
    return output.split('\n')[0];
  } catch {
    return undefined;
  }
}
