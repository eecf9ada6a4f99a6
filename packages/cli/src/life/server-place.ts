import { existsSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { CommandError } from '../exit.ts';
import { readZooCfg, type ZooCfg } from './zoo-cfg.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where everything of one server is that runs in the background. */
export interface ServerPlace {
  /** As it was given: scripts compare it. */
  readonly configFile: string;
  readonly config: ZooCfg;
  /** Undefined if the configuration does not say. */
  readonly dataDir: string | undefined;
  readonly pidFile: string;
  /** Gets both outputs of the server. */
  readonly logFile: string;
}

/** Read when no configuration is named. */
const DEFAULT_FILE = 'zoo.cfg';

/**
 * The configuration that is meant: the one that was named, else what ZOOCFGDIR and ZOOCFG say, else ./zoo.cfg.
 */
export function chooseConfigFile(named: string | undefined, environment: Environment): string {
  if (named !== undefined) return named;
  const directory = environment['ZOOCFGDIR'] ?? '';
  const name = nonEmpty(environment['ZOOCFG']) ?? DEFAULT_FILE;
  return directory === '' || isAbsolute(name) ? name : join(directory, name);
}

/**
 * Finds the files of a server: ZOOPIDFILE and ZOO_LOG_DIR as with Apache's zkServer.sh, else in its data directory.
 *
 * @throws CommandError if the configuration cannot be read, or leaves them open.
 */
export function findServer(configFile: string, environment: Environment): ServerPlace {
  const config = readZooCfg(configFile);
  const dataDir = nonEmpty(config.get('dataDir'));
  return {
    configFile,
    config,
    dataDir,
    pidFile:
      nonEmpty(environment['ZOOPIDFILE']) ??
      join(dataDir ?? noDataDir(configFile), 'zookeeper_server.pid'),
    logFile: join(
      nonEmpty(environment['ZOO_LOG_DIR']) ?? join(dataDir ?? noDataDir(configFile), 'logs'),
      `zookeeper-${environment['USER'] ?? userName()}-server-${hostname()}.out`,
    ),
  };
}

function noDataDir(configFile: string): never {
  throw new CommandError(`${configFile} does not say where the data is`, {
    remedy: 'Add dataDir=/path/of/a/directory.',
  });
}

/**
 * The `-D...` arguments of the server: those that the environment has for Java, then those of the command line, so that
 * the latter win. What else stands in SERVER_JVMFLAGS and JVMFLAGS is for a JVM and left out.
 */
export function serverProperties(
  given: readonly string[],
  environment: Environment,
): readonly string[] {
  const words = [environment['SERVER_JVMFLAGS'], environment['JVMFLAGS']]
    .flatMap((flags) => (flags ?? '').split(/\s+/))
    .filter((word) => /^-D./.test(word));
  const autocreate = isAutocreateOff(environment) ? ['-Dzookeeper.datadir.autocreate=false'] : [];
  return [...autocreate, ...words, ...given.map((text) => `-D${text}`)];
}

/**
 * With ZOO_DATADIR_AUTOCREATE_DISABLE a server is started only on directories that somebody made before.
 *
 * @returns which one is missing, in Apache's words; undefined if all is well.
 */
export function missingDirectory(
  { config, dataDir = '' }: ServerPlace,
  environment: Environment,
): string | undefined {
  if (!isAutocreateOff(environment)) return undefined;
  const hasVersion2 = (directory: string) => existsSync(resolve(directory, 'version-2'));
  const remedy = 'fix the path or run initialize';
  if (!hasVersion2(dataDir)) return `ZooKeeper data directory is missing at ${dataDir} ${remedy}`;
  const dataLogDir = config.get('dataLogDir') ?? '';
  return dataLogDir === '' || hasVersion2(dataLogDir)
    ? undefined
    : `ZooKeeper txnlog directory is missing at ${dataLogDir} ${remedy}`;
}

function isAutocreateOff(environment: Environment): boolean {
  return nonEmpty(environment['ZOO_DATADIR_AUTOCREATE_DISABLE']) !== undefined;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return ''; // A container may run as a number that has no name.
  }
}
