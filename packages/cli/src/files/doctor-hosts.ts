/**
 * `zooid doctor HOSTS`: whether servers answer, and whether they are the healthy members of one ensemble, as far as the
 * four-letter words tell. A server that tells less is asked less of: each word that it does not answer is named once.
 */

import { CommandError } from '../exit.ts';
import { mergeFacts, readMntr, readSrvr, type ServerFacts } from '../top/server-facts.ts';
import { askWord, describeHost, type HostPort, type WordOptions } from '../words/ask-word.ts';
import { isNotServing, isNotWhitelisted, keysAndValues } from '../words/word-answer.ts';
import { type Diagnosis, Notes } from './finding.ts';

const WORDS = ['srvr', 'ruok', 'mntr', 'conf'] as const;
type Word = (typeof WORDS)[number];

const ANSWER_BYTES_MAX = 16 << 20;
const LATENCY_MS_HIGH = 50;
const OUTSTANDING_HIGH = 100;
/** Share of the file descriptors in use that leaves too few. */
const DESCRIPTORS_HIGH = 0.8;
/** Transactions of one epoch that a server is behind: at 10,000 a second a tenth of a second. */
const ZXID_SPREAD_HIGH = 1000;
const DATA_BYTES_LARGE = 1 << 30;
const FILES_BYTES_LARGE = 20 * 2 ** 30;
const TWO_32 = 0x1_0000_0000;

/** How they are asked. */
type AskOptions = Omit<WordOptions, 'answerBytesMax'>;

/** What one server told. */
interface Patient {
  readonly name: string;
  readonly answers: Readonly<Partial<Record<Word, string>>>;
  readonly facts: ServerFacts | undefined;
  /** `mntr` as keys and values, without `zk_`. */
  readonly metrics: ReadonlyMap<string, number>;
}

/** Asks the servers side by side. */
export async function examineHosts(
  hosts: readonly HostPort[],
  options: AskOptions,
): Promise<Diagnosis> {
  const examination = new HostExamination();
  const patients = await Promise.all(hosts.map((host) => examination.ask(host, options)));
  const serving = patients.filter((patient) => patient !== undefined);
  for (const patient of serving) examination.checkOne(patient);
  examination.compare(
    serving.filter((patient) => patient.facts !== undefined),
    hosts.length,
  );
  return examination;
}

class HostExamination extends Notes {
  /** @returns undefined if it does not answer at all, which is told. */
  async ask(host: HostPort, options: AskOptions): Promise<Patient | undefined> {
    const name = describeHost(host);
    const answers: Partial<Record<Word, string>> = {};
    const silent: Word[] = [];
    for (const word of WORDS) {
      try {
        const answer = await askWord(host, word, { ...options, answerBytesMax: ANSWER_BYTES_MAX });
        if (isNotWhitelisted(answer)) silent.push(word);
        else answers[word] = answer;
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        const message = error.message.replace(`${name} `, 'it ');
        this.find('error', 'UNREACHABLE', name, `${message}.`, error.remedy);
        return undefined;
      }
    }
    if (silent.length > 0) {
      this.find(
        'info',
        'WHITELIST',
        name,
        `it does not answer ${silent.join(', ')}: less can be said about it.`,
        `4lw.commands.whitelist=${WORDS.join(',')} in its zoo.cfg`,
      );
    }
    const short = readSrvr(answers.srvr ?? '');
    const long = readMntr(answers.mntr ?? '');
    const facts = short === undefined ? long : long === undefined ? short : mergeFacts(short, long);
    return { name, answers, facts, metrics: metricsOf(answers.mntr) };
  }

  checkOne(patient: Patient): void {
    const { name, answers, facts, metrics } = patient;
    if (answers.ruok !== undefined && answers.ruok.trim() !== 'imok') {
      const said = JSON.stringify(answers.ruok.slice(0, 40));
      this.find(
        'error',
        'NOT_OK',
        name,
        `it answers ruok with ${said} and not with imok.`,
        'Look into its log.',
      );
    }
    if (Object.values(answers).some((answer) => isNotServing(answer))) {
      this.find(
        'error',
        'NOT_SERVING',
        name,
        'it runs and does not serve: it has no quorum, or it is starting.',
        'Start the other members, check that they reach each other on their quorum and election ports, and look into its log.',
      );
      return;
    }
    if (facts === undefined) {
      if (Object.keys(answers).length > 0)
        this.find(
          'error',
          'NO_ZOOKEEPER',
          name,
          'its answers are not those of a ZooKeeper server.',
          'Is the port right?',
        );
      return;
    }
    this.facts.push(
      [
        `${name}: ${facts.role ?? 'of unknown mode'}`,
        facts.version,
        facts.zxid === undefined ? undefined : `zxid ${facts.zxid}`,
        facts.nodeCount === undefined ? undefined : `${facts.nodeCount} znodes`,
        facts.connectionCount === undefined ? undefined : `${facts.connectionCount} connections`,
      ]
        .filter((part) => part !== undefined)
        .join(', '),
    );
    this.#checkLoad(name, facts, metrics);
    this.#checkSizes(name, answers, metrics);
    this.#checkCounters(name, metrics);
  }

  #checkLoad(name: string, facts: ServerFacts, metrics: Patient['metrics']): void {
    const average = facts.latencyMs?.avg ?? 0;
    if (average > LATENCY_MS_HIGH) {
      this.find(
        'warning',
        'SLOW',
        name,
        `requests take ${average} ms on average, ${facts.latencyMs!.max} ms at most.`,
        'A slow disk for the log is the usual reason: give it one of its own (dataLogDir). zooid top shows how it goes on.',
      );
    }
    const outstanding = facts.outstandingCount ?? 0;
    if (outstanding > OUTSTANDING_HIGH) {
      this.find(
        'warning',
        'QUEUED',
        name,
        `${outstanding} requests wait.`,
        'It gets more than it can do, or its disk is slow: zooid top shows which clients send most.',
      );
    }
    const open = metrics.get('open_file_descriptor_count');
    const most = metrics.get('max_file_descriptor_count');
    if (open !== undefined && most !== undefined && most > 0 && open / most > DESCRIPTORS_HIGH) {
      this.find(
        'warning',
        'DESCRIPTORS',
        name,
        `${open} of ${most} file descriptors are in use.`,
        'Raise the limit (ulimit -n, LimitNOFILE), and look for clients that leave connections open: zooid 4lw cons',
      );
    }
  }

  #checkSizes(name: string, answers: Patient['answers'], metrics: Patient['metrics']): void {
    const dataBytes = metrics.get('approximate_data_size') ?? 0;
    if (dataBytes > DATA_BYTES_LARGE) {
      this.find(
        'warning',
        'LARGE_TREE',
        name,
        `its tree holds ${gigabytes(dataBytes)} of data: every snapshot and every joining member takes that long.`,
        'ZooKeeper is for small data: keep large values elsewhere. Where it all lies: zooid snapshot summary --top 20',
      );
    }
    const values = keysAndValues(answers.conf ?? '') ?? {};
    for (const [key, what] of [
      ['dataDirSize', 'snapshots'],
      ['dataLogSize', 'logs'],
    ] as const) {
      const bytes = Number(values[key] ?? 0);
      if (bytes < FILES_BYTES_LARGE) continue;
      this.find(
        'warning',
        'MANY_FILES',
        name,
        `its ${what} take ${gigabytes(bytes)}.`,
        'Is autopurge.purgeInterval set? zooid purge removes what no restart needs.',
      );
    }
  }

  #checkCounters(name: string, metrics: Patient['metrics']): void {
    const count = (key: string) => metrics.get(key) ?? 0;
    if (count('digest_mismatches_count') > 0) {
      this.find(
        'error',
        'DIGEST_MISMATCH',
        name,
        `its tree differed ${count('digest_mismatches_count')} times from what a transaction foretold: its data is not that of the others.`,
        'Stop it, move its version-2 elsewhere, start it: it takes the data of the leader.',
      );
    }
    if (count('unrecoverable_error_count') > 0) {
      this.find(
        'error',
        'UNRECOVERABLE',
        name,
        'it had an error that it cannot recover from.',
        'Look into its log, restart it.',
      );
    }
    if (count('fsync_threshold_exceed_count') > 0) {
      this.find(
        'warning',
        'SLOW_SYNC',
        name,
        `${count('fsync_threshold_exceed_count')} times the disk took longer than fsync.warningthresholdms.`,
        'Give the log a disk of its own (dataLogDir), without other writers.',
      );
    }
  }

  /** Whether those that answered are one ensemble. */
  compare(patients: readonly Patient[], askedCount: number): void {
    const [first] = patients;
    if (first === undefined) return;
    const leaders = patients.filter((patient) => patient.facts!.role === 'leader');
    if (askedCount > 1) this.#compareRoles(patients, leaders, askedCount);
    for (const leader of leaders) this.#checkLearners(leader, askedCount);
    if (patients.length === 1) return;
    this.#compareZxids(patients);
    this.#compareConfigs(patients);
    const versions = new Set(patients.flatMap((patient) => patient.facts!.version ?? []));
    if (versions.size > 1) {
      this.find(
        'info',
        'VERSIONS_DIFFER',
        'all',
        `they are of several versions: ${[...versions].join(', ')}.`,
        'Fine while upgrading; not to stay.',
      );
    }
  }

  #compareRoles(
    patients: readonly Patient[],
    leaders: readonly Patient[],
    askedCount: number,
  ): void {
    const names = (some: readonly Patient[]) => some.map((patient) => patient.name).join(', ');
    const alone = patients.filter((patient) => patient.facts!.role === 'standalone');
    if (alone.length > 0) {
      this.find(
        'error',
        'STANDALONE',
        names(alone),
        'it serves alone, though it was named with others: what is written there nobody else has.',
        'Check the server.N lines of its zoo.cfg, and its myid.',
      );
    }
    if (leaders.length > 1) {
      this.find(
        'error',
        'SEVERAL_LEADERS',
        names(leaders),
        'both lead: they are of different ensembles, or an old leader has not noticed yet.',
        'Ask again in some seconds; then compare their server.N lines.',
      );
    }
    if (leaders.length === 0 && alone.length === 0) {
      const isPart = patients.length < askedCount;
      this.find(
        isPart ? 'warning' : 'info',
        'NO_LEADER',
        'all',
        'none of those that answer is the leader.',
        isPart
          ? 'It may be among those that do not answer.'
          : 'It may be a member that was not named, or an election goes on: ask again.',
      );
    }
  }

  #checkLearners(leader: Patient, askedCount: number): void {
    const followers = leader.metrics.get('followers') ?? leader.metrics.get('synced_followers');
    const synced = leader.metrics.get('synced_followers');
    if (followers !== undefined && synced !== undefined && synced < followers) {
      this.find(
        'warning',
        'NOT_SYNCED',
        leader.name,
        `${followers - synced} of its ${followers} followers are not up to date.`,
        'If that stays so, look into their logs.',
      );
    }
    const size = leader.metrics.get('quorum_size');
    if (size === undefined || synced === undefined || synced + 1 >= size) return;
    const isNarrow = synced + 1 <= Math.floor(size / 2) + 1;
    this.find(
      isNarrow ? 'error' : 'warning',
      'MEMBERS_MISSING',
      leader.name,
      `${synced + 1} of ${size} voting members take part${isNarrow ? ': one more lost, and nobody can write' : ''}.`,
      askedCount < size
        ? 'Name all members to see which are missing.'
        : 'Start the others, or look into their logs.',
    );
  }

  #compareZxids(patients: readonly Patient[]): void {
    const zxids = patients.flatMap(({ name, facts }) =>
      facts!.zxid === undefined ? [] : [{ name, zxid: Number(facts!.zxid) }],
    );
    if (zxids.length < 2) return;
    zxids.sort((a, b) => a.zxid - b.zxid);
    const last = zxids.at(-1)!;
    for (const { name, zxid } of zxids) {
      const behind = last.zxid - zxid;
      if (Math.floor(zxid / TWO_32) !== Math.floor(last.zxid / TWO_32)) {
        this.find(
          'warning',
          'BEHIND',
          name,
          `its last transaction is of epoch ${Math.floor(zxid / TWO_32)}, that of ${last.name} of epoch ${Math.floor(last.zxid / TWO_32)}.`,
          'Right after an election that is usual; if it stays so, it is not a member of that ensemble.',
        );
      } else if (behind > ZXID_SPREAD_HIGH) {
        this.find(
          'warning',
          'BEHIND',
          name,
          `it is ${behind} transactions behind ${last.name}.`,
          'If that grows, its disk or its network is too slow.',
        );
      }
    }
  }

  #compareConfigs(patients: readonly Patient[]): void {
    const configs = patients.flatMap(({ name, answers }) =>
      answers.conf === undefined ? [] : [{ name, lines: answers.conf.split('\n') }],
    );
    const [first, ...others] = configs;
    if (first === undefined) return;
    const seen = new Map<string, string>();
    for (const { name, lines } of configs) {
      const id = lines.find((line) => line.startsWith('serverId='));
      const other = id === undefined ? undefined : seen.get(id);
      if (id === undefined) continue;
      if (other !== undefined)
        this.find(
          'error',
          'SAME_ID',
          name,
          `it has the same ${id} as ${other}.`,
          'Every member has a myid of its own.',
        );
      seen.set(id, name);
    }
    for (const { name, lines } of others) {
      for (const [what, pattern] of COMPARED) {
        const mine = pick(lines, pattern);
        const theirs = pick(first.lines, pattern);
        if (mine === theirs) continue;
        this.find(
          'warning',
          'CONFIG_DIFFERS',
          name,
          `its ${what} differ from those of ${first.name}: ${shorten(mine)} there: ${shorten(theirs)}`,
          'All members need the same.',
        );
      }
    }
  }
}

/** What must be the same everywhere. */
const COMPARED: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['server.N lines', /^(server\.\d+=[^;]*)/],
  ['tickTime and limits', /^((?:tickTime|initLimit|syncLimit)=.*)/],
];

function pick(lines: readonly string[], pattern: RegExp): string {
  return lines
    .flatMap((line) => pattern.exec(line)?.[1] ?? [])
    .sort()
    .join(' ');
}

function shorten(text: string): string {
  if (text === '') return 'none;';
  return text.length <= 200 ? `${text};` : `${text.slice(0, 200)}...;`;
}

function metricsOf(mntr: string | undefined): ReadonlyMap<string, number> {
  const metrics = new Map<string, number>();
  for (const [key, value] of Object.entries(keysAndValues(mntr ?? '') ?? {})) {
    const number = Number(value);
    if (!Number.isNaN(number)) metrics.set(key.replace(/^zk_/, ''), number);
  }
  return metrics;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GB`;
}
