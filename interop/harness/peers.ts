/** Which real peers are installed on this machine, and where Debian puts their parts. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const JARS = '/usr/share/java';

function jars(...names: readonly string[]): string {
  return names.map((name) => `${JARS}/${name}.jar`).join(':');
}

/**
 * Class path of Apache's server, shell and file tools; they log only when `ZOOID_INTEROP_APACHE_LOG` is
 * set.
 */
export const APACHE_CLASSPATH: string = jars(
  'zookeeper',
  process.env['ZOOID_INTEROP_APACHE_LOG'] === undefined ? 'slf4j-nop' : 'slf4j-simple',
  'netty-all',
  'netty-codec', // Debian's netty-all is not all
  'netty-handler',
  'snappy-java',
  'commons-cli',
  'servlet-api', // these two are for the admin server
  'jetty9-util-ajax',
);

/** Class path of Curator on top of it. */
export const CURATOR_CLASSPATH: string = `${APACHE_CLASSPATH}:${jars(
  'curator-client',
  'curator-framework',
  'curator-recipes',
  'curator-x-discovery',
  'guava',
  'jackson-core',
  'jackson-databind',
  'jackson-annotations',
  'slf4j-api',
)}`;

/** Debian's Python, which is the one that has Debian's modules. */
export const PYTHON = '/usr/bin/python3';
/** Where Debian installs kazoo's own tests. */
export const KAZOO_TESTS = '/usr/lib/python3/dist-packages/kazoo/tests';
/** The C client's shell. */
export const CLI_MT = '/usr/lib/zookeeper/bin/cli_mt';

function runs(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function missingFile(path: string, debianPackage: string): string | undefined {
  return existsSync(path) ? undefined : `${path} is missing (Debian package ${debianPackage})`;
}

function missingApache(): string | undefined {
  if (!runs('java', '-version')) return 'java is missing (Debian package default-jre-headless)';
  return missingFile(`${JARS}/zookeeper.jar`, 'zookeeper');
}

function missingKazoo(): string | undefined {
  if (!existsSync(`${KAZOO_TESTS}/test_client.py`)) {
    return `${KAZOO_TESTS} is missing (Debian package python3-kazoo)`;
  }
  return runs(PYTHON, '-c', 'import kazoo, pytest, objgraph, gevent, eventlet')
    ? undefined
    : 'python3-pytest, python3-objgraph, python3-gevent or python3-eventlet is missing';
}

function missingCClient(): string | undefined {
  if (!runs('gcc', '--version')) return 'gcc is missing';
  return missingFile('/usr/include/zookeeper/zookeeper.h', 'libzookeeper-mt-dev');
}

function missingJavac(): string | undefined {
  return runs('javac', '-version')
    ? undefined
    : 'javac is missing (Debian package default-jdk-headless)';
}

function missingCurator(): string | undefined {
  const apache = missingApache();
  if (apache !== undefined) return apache;
  return (
    missingJavac() ??
    missingFile(`${JARS}/curator-framework.jar`, 'libcurator-framework-java') ??
    missingFile(`${JARS}/curator-recipes.jar`, 'libcurator-recipes-java') ??
    missingFile(`${JARS}/curator-x-discovery.jar`, 'libcurator-discovery-java')
  );
}

const probes = {
  apache: missingApache,
  javac: missingJavac,
  apacheAdmin: () =>
    missingFile(`${JARS}/servlet-api.jar`, 'libservlet-api-java') ??
    missingFile(`${JARS}/jetty9-util-ajax.jar`, 'libjetty9-java'),
  cliMt: () => missingFile(CLI_MT, 'zookeeper-bin'),
  cClient: missingCClient,
  kazoo: missingKazoo,
  curator: missingCurator,
} as const;

/** A peer that tests can ask for. */
export type Peer = keyof typeof probes;

/** Why the tests that need these peers cannot run here; undefined when they can. */
export function missingPeer(...peers: readonly Peer[]): string | undefined {
  for (const peer of peers) {
    const reason = probes[peer]();
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/**
 * The title of a suite, which says why it is skipped when it is; the reason is also printed, so that
 * a skipped suite is never silent.
 */
export function suiteTitle(title: string, missing: string | undefined): string {
  if (missing === undefined) return title;
  console.warn(`SKIPPED: ${title}: ${missing}`);
  return `${title} [skipped: ${missing}]`;
}
