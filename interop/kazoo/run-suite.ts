/** Runs the test suite that Debian installs with kazoo, against three servers of either kind. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../harness/free-port.ts';
import { APACHE_CLASSPATH, KAZOO_TESTS, PYTHON } from '../harness/peers.ts';
import { runProcess } from '../harness/process.ts';
import { type ServerKind, ZOOID_BIN } from '../harness/server.ts';
import { FILES_NOT_RUN } from './expected.ts';

/** How a test ended. */
export type Outcome = 'passed' | 'failed' | 'skipped';

/** What one run of the suite gave. */
export interface SuiteResult {
  /** By test: `test_lock.KazooLockTests.test_lock`. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** By failed test, what pytest says about it. */
  readonly messages: ReadonlyMap<string, string>;
  readonly output: string;
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#10;', '\n')
    .replaceAll('&amp;', '&');
}

/** pytest's name of a test. */
function nodeIdOf(name: string): string {
  const [file, ...others] = name.split('.');
  return [`${KAZOO_TESTS}/${file}.py`, ...others].join('::');
}

/** Servers that it starts: an ensemble, for some tests stop a member and others change the membership. */
const SERVER_COUNT = 3;

/** The same tests of a client, in three ways to wait. They take longest, and each goes into another part of the suite. */
const CLIENT_FILES = ['test_client.py', 'test_eventlet_handler.py', 'test_gevent_handler.py'];

/** Runs the whole suite, in parts at the same time, for it waits most of the time. Each part has an ensemble of its own. */
export async function runKazooSuite(kind: ServerKind): Promise<SuiteResult> {
  const notRun = kind === 'zooid' ? FILES_NOT_RUN : [];
  const others = (await readdir(KAZOO_TESTS)).filter(
    (file) => /^test_.*\.py$/.test(file) && !CLIENT_FILES.includes(file) && !notRun.includes(file),
  );
  const parts = CLIENT_FILES.map((file) => [file]);
  for (const [i, file] of others.sort().entries()) parts[i % parts.length]!.push(file);
  const results = await Promise.all(
    parts.map((files) =>
      runPart(
        kind,
        files.map((file) => join(KAZOO_TESTS, file)),
      ),
    ),
  );
  return {
    outcomes: new Map(results.flatMap(({ outcomes }) => [...outcomes])),
    messages: new Map(results.flatMap(({ messages }) => [...messages])),
    output: results.map(({ output }) => output).join('\n'),
  };
}

/** Runs some tests of the suite again. @param names - as {@link SuiteResult} has them. */
export function runKazooTests(kind: ServerKind, names: readonly string[]): Promise<SuiteResult> {
  return runPart(kind, names.map(nodeIdOf));
}

/** @param targets - files and tests, as pytest names them. */
async function runPart(
  kind: ServerKind,
  targets: readonly string[],
  deadlineMs = 400_000,
): Promise<SuiteResult> {
  const directory = await mkdtemp(join(tmpdir(), 'zooid-interop-kazoo-'));
  try {
    const xmlPath = join(directory, 'result.xml');
    const port = await freePort();
    const finished = await runProcess(
      PYTHON,
      [
        '-m',
        'pytest',
        '-p',
        'no:cacheprovider',
        '-q',
        '--tb=short',
        '--maxfail=40', // a server that is gone would cost 15 s for each test
        `--junitxml=${xmlPath}`,
        ...targets,
      ],
      {
        cwd: directory,
        deadlineMs,
        env: {
          ...process.env,
          TMPDIR: directory, // where kazoo's harness keeps its servers' data
          PYTHONDONTWRITEBYTECODE: '1',
          ZOOKEEPER_CLUSTER_SIZE: String(SERVER_COUNT),
          ZOOKEEPER_VERSION: '3.8.0',
          ZOOKEEPER_PORT_OFFSET: String(Math.min(port, 65_000)),
          ZOOKEEPER_CLASSPATH: APACHE_CLASSPATH,
          ZOOID_NODE: process.execPath,
          ZOOID_BIN,
          ...(kind === 'zooid'
            ? { PATH: `${join(import.meta.dirname, 'bin')}:${process.env['PATH']}` }
            : {}),
        },
      },
    );
    const xml = await readFile(xmlPath, 'utf8').catch(() => '');
    const outcomes = new Map<string, Outcome>();
    const messages = new Map<string, string>();
    for (const [, attributes, body = ''] of xml.matchAll(
      /<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g,
    )) {
      const className = /classname="([^"]*)"/.exec(attributes!)![1]!.replace(/^.*?(?=test_)/, '');
      const name = `${className}.${/ name="([^"]*)"/.exec(` ${attributes}`)![1]!}`;
      const isFailed = body.includes('<failure') || body.includes('<error');
      outcomes.set(name, isFailed ? 'failed' : body.includes('<skipped') ? 'skipped' : 'passed');
      if (isFailed) {
        const message = /<(?:failure|error)[^>]*>([\s\S]*?)<\/(?:failure|error)>/.exec(body);
        messages.set(name, unescapeXml(message?.[1] ?? body));
      }
    }
    return { outcomes, messages, output: `${finished.stdout}${finished.stderr}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
