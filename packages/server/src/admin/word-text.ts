/**
 * What each four-letter word answers. Each text is Apache's, line by line; tests compare them with answers that a
 * server of 3.8.0 gave.
 *
 * Nothing here is unbounded: whoever may ask for `wchp` or `dump` must not be able to make the server hold a gigabyte
 * of text (CVE-2017-5637). A text that reaches the limit ends with a line that says so.
 */
import { mntrText } from '../report/metric-walk.ts';
import type { AdminView, SessionBucket } from './admin-view.ts';
import { connectionLine } from './connection-text.ts';
import { confText } from './ensemble-text.ts';
import { environment } from './environment.ts';
import { javaDate, javaDouble, javaHex, javaSocketAddress } from './java-text.ts';
import type { TraceMask } from './trace-mask.ts';
import type { FourLetterWordName } from './word-names.ts';

/** What Apache says while it is not in service. */
export const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';

/** Characters of one answer. */
const TEXT_LENGTH_MAX = 4 * 1024 * 1024;

/** How one word is answered. */
export interface WordText {
  /** Whether the server must be serving. */
  readonly needsServer: boolean;
  /** The answer when it is not; the sentence above and a newline when undefined. */
  readonly whenNotServing?: string;
  print(view: AdminView): string;
}

/** Lines up to a limit. */
class BoundedText {
  #text = '';
  #isFull = false;

  /** Adds a line; false when the limit is reached: the caller stops. */
  line(line: string): boolean {
    if (this.#isFull) return false;
    if (this.#text.length + line.length > TEXT_LENGTH_MAX) {
      this.#isFull = true;
      this.#text += `... cut off after ${TEXT_LENGTH_MAX} characters\n`;
      return false;
    }
    this.#text += `${line}\n`;
    return true;
  }

  toString(): string {
    return this.#text;
  }
}

/** The texts of all words except `telnet close`. */
export function wordTexts(traceMask: TraceMask): ReadonlyMap<FourLetterWordName, WordText> {
  const printTraceMask = { needsServer: false, print: () => String(traceMask.value) };
  return new Map<FourLetterWordName, WordText>([
    ['conf', { needsServer: true, print: conf }],
    ['cons', { needsServer: true, print: cons }],
    ['crst', { needsServer: true, print: crst }],
    ['dirs', { needsServer: true, print: dirs }],
    ['dump', { needsServer: true, print: dump }],
    ['envi', { needsServer: false, print: envi }],
    ['gtmk', printTraceMask],
    ['stmk', printTraceMask],
    // No newline at the end of these, nor when the server is not serving.
    ['hash', { needsServer: true, whenNotServing: NOT_SERVING, print: hash }],
    ['isro', { needsServer: true, whenNotServing: 'null', print: isro }],
    ['ruok', { needsServer: false, print: () => 'imok' }],
    ['mntr', { needsServer: true, print: mntrText }],
    ['srst', { needsServer: true, print: srst }],
    ['srvr', { needsServer: true, print: srvr }],
    ['stat', { needsServer: true, print: stat }],
    ['wchs', { needsServer: true, print: wchs }],
    ['wchc', { needsServer: true, print: wchc }],
    ['wchp', { needsServer: true, print: wchp }],
  ]);
}

function conf(view: AdminView): string {
  const { config, ensemble } = view;
  const lines = [
    `clientPort=${config.clientPort}`,
    `secureClientPort=${config.secureClientPort}`,
    `dataDir=${config.dataDir}`,
    `dataDirSize=${view.dataDirBytes()}`,
    `dataLogDir=${config.dataLogDir}`,
    `dataLogSize=${view.dataLogDirBytes()}`,
    `tickTime=${config.tickTimeMs}`,
    `maxClientCnxns=${config.maxClientCnxns}`,
    `minSessionTimeout=${config.minSessionTimeoutMs}`,
    `maxSessionTimeout=${config.maxSessionTimeoutMs}`,
    `clientPortListenBacklog=${config.clientPortListenBacklog}`,
    `serverId=${config.serverId}`,
    '',
  ].join('\n');
  return ensemble === undefined ? lines : `${lines}${confText(ensemble)}`;
}

function cons(view: AdminView): string {
  const text = new BoundedText();
  for (const connection of view.connections()) {
    if (!text.line(connectionLine(connection, 'full'))) break;
  }
  text.line('');
  return text.toString();
}

function crst(view: AdminView): string {
  view.resetConnectionStats();
  return 'Connection stats reset.\n';
}

function dirs(view: AdminView): string {
  return `datadir_size: ${view.dataDirBytes()}\nlogdir_size: ${view.dataLogDirBytes()}\n`;
}

function dump(view: AdminView): string {
  const text = new BoundedText();
  const wallOf = (elapsedMs: number): string =>
    javaDate(view.wallNowMs + elapsedMs - view.elapsedNowMs);

  const sessionSets = (
    title: string,
    buckets: readonly SessionBucket[],
    sessionCount: number,
  ): void => {
    text.line(`${title} Sets (${buckets.length})/(${sessionCount}):`);
    for (const { expiresMs, sessions } of buckets) {
      text.line(`${sessions.length} expire at ${wallOf(expiresMs)}:`);
      for (const { id } of sessions) if (!text.line(`\t0x${javaHex(id)}`)) break;
    }
  };

  text.line('SessionTracker dump:');
  // Source: LeaderSessionTracker.dumpSessions.
  const local = view.localSessionBuckets();
  if (local !== undefined) sessionSets('Local Session', local, view.localSessionCount);
  const { ensemble } = view;
  if (ensemble !== undefined && ensemble.leading === undefined) {
    // Source: LearnerSessionTracker.dumpSessions.
    text.line(`Global Sessions(${view.sessionCount}):`);
    for (const { id, timeoutMs } of ensemble.globalSessions()) {
      if (!text.line(`0x${javaHex(id)}\t${timeoutMs}ms`)) break;
    }
  } else {
    const title = local === undefined ? 'Session' : 'Global Session';
    sessionSets(title, [...view.sessionBuckets()], view.sessionCount);
  }

  text.line('ephemeral nodes dump:');
  const owners = [...view.ephemerals()];
  text.line(`Sessions with Ephemerals (${owners.length}):`);
  for (const [sessionId, paths] of owners) {
    text.line(`0x${javaHex(sessionId)}:`);
    for (const path of paths) if (!text.line(`\t${path}`)) break;
  }

  text.line('Connections dump:');
  const sets = new Map<number, string[]>();
  let connectionCount = 0;
  for (const connection of view.connections()) {
    if (connection.expiresMs === undefined) continue;
    connectionCount += 1;
    const remote = javaSocketAddress(connection.remoteAddress, connection.remotePort);
    const line = `\tip: /${remote} sessionId: 0x${javaHex(connection.sessionId)}`;
    const set = sets.get(connection.expiresMs);
    if (set === undefined) sets.set(connection.expiresMs, [line]);
    else set.push(line);
  }
  text.line(`Connections Sets (${sets.size})/(${connectionCount}):`);
  for (const [expiresMs, lines] of [...sets].sort(([a], [b]) => a - b)) {
    text.line(`${lines.length} expire at ${wallOf(expiresMs)}:`);
    for (const line of lines) if (!text.line(line)) break;
  }
  return text.toString();
}

function envi(view: AdminView): string {
  const lines = environment(view.version).map(([name, value]) => `${name}=${value}\n`);
  return `Environment:\n${lines.join('')}`;
}

function hash(view: AdminView): string {
  let text = '';
  for (const { zxid, digest } of view.digestLog()) {
    text += `${javaHex(zxid)}: ${BigInt.asIntN(64, digest)}\n`;
  }
  return text;
}

function isro(view: AdminView): string {
  return view.isReadOnly ? 'ro' : 'rw';
}

function srst(view: AdminView): string {
  view.stats.reset();
  return 'Server stats reset.\n';
}

function srvr(view: AdminView): string {
  return `${versionLines(view)}${statsLines(view)}`;
}

function stat(view: AdminView): string {
  const text = new BoundedText();
  text.line('Clients:');
  for (const connection of view.connections()) {
    if (!text.line(connectionLine(connection, 'brief'))) break;
  }
  text.line('');
  return `${versionLines(view)}${text}${statsLines(view)}`;
}

function versionLines(view: AdminView): string {
  const readOnly = view.isReadOnly ? 'READ-ONLY mode; serving only read-only clients\n' : '';
  return `Zookeeper version: ${view.version}\n${readOnly}`;
}

function statsLines(view: AdminView): string {
  const { stats } = view;
  const { min, average, max } = stats.requestLatency;
  const sizes = view.ensemble?.leading?.proposalSizes;
  return [
    `Latency min/avg/max: ${min}/${javaDouble(average)}/${max}`,
    `Received: ${stats.packetsReceived}`,
    `Sent: ${stats.packetsSent}`,
    `Connections: ${view.connectionCount}`,
    `Outstanding: ${view.outstandingRequests}`,
    `Zxid: 0x${javaHex(view.lastProcessedZxid)}`,
    `Mode: ${view.state}`,
    `Node count: ${view.nodeCount}`,
    ...(sizes === undefined
      ? []
      : [`Proposal sizes last/min/max: ${sizes.last}/${sizes.min}/${sizes.max}`]),
    '',
  ].join('\n');
}

function wchs(view: AdminView): string {
  const { watcherCount, pathCount, watchCount } = view.watchSummary;
  return `${watcherCount} connections watching ${pathCount} paths\nTotal watches:${watchCount}\n`;
}

function wchc(view: AdminView): string {
  const text = new BoundedText();
  all: for (const [sessionId, paths] of view.watchesBySession()) {
    if (!text.line(`0x${javaHex(sessionId)}`)) break;
    for (const path of paths) if (!text.line(`\t${path}`)) break all;
  }
  text.line('');
  return text.toString();
}

function wchp(view: AdminView): string {
  const text = new BoundedText();
  all: for (const [path, sessionIds] of view.watchesByPath()) {
    if (!text.line(path)) break;
    for (const id of sessionIds) if (!text.line(`\t0x${javaHex(id)}`)) break all;
  }
  text.line('');
  return text.toString();
}
