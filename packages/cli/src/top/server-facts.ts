// What the answers of the four-letter words say of a server. Every field may be missing: servers differ in age and in what
// they are allowed to tell.

import { printableLine } from '../terminal/printable.ts';
import { keysAndValues } from '../words/word-answer.ts';

/** A server at one moment. Latencies in milliseconds, counts since its start or since they were reset. */
export interface ServerFacts {
  /** `standalone`, `leader`, `follower`, `observer`, `read-only`; undefined if it does not say. */
  readonly role: string | undefined;
  /** As it names itself, without the time of its build. */
  readonly version: string | undefined;
  readonly latencyMs:
    | { readonly min: number; readonly avg: number; readonly max: number }
    | undefined;
  readonly receivedCount: number | undefined;
  readonly sentCount: number | undefined;
  readonly connectionCount: number | undefined;
  /** Sessions that the ensemble knows. */
  readonly sessionCount: number | undefined;
  /** Requests in work. */
  readonly outstandingCount: number | undefined;
  readonly nodeCount: number | undefined;
  readonly watchCount: number | undefined;
  /** As `0x...`: the last one that was applied. */
  readonly zxid: string | undefined;
}

/** A connection as `cons` lists it. */
export interface ConnectionFacts {
  /** `address:port` of the client. */
  readonly client: string;
  /** As `0x...`; undefined before the session is established, and for one that only asks a word. */
  readonly session: string | undefined;
  readonly queuedCount: number;
  readonly receivedCount: number;
  readonly sentCount: number;
  /** Last operation, four letters as a rule. */
  readonly lastOperation: string | undefined;
  readonly latencyMsAvg: number | undefined;
}

/** Reads the answer of `srvr` or `stat`. Undefined if it is not one. */
export function readSrvr(answer: string): ServerFacts | undefined {
  const fields = new Map(
    answer.split('\n').flatMap((line) => {
      const match = /^(\w[\w /]*): (.*)$/.exec(line);
      return match === null ? [] : [[match[1]!, match[2]!] as const];
    }),
  );
  if (!fields.has('Mode') && !fields.has('Zxid')) return undefined;
  const latency = (fields.get('Latency min/avg/max') ?? '').split('/').map(toNumber);
  const [min, avg, max] = latency;
  return {
    role: text(fields.get('Mode')),
    version: readVersion(fields.get('Zookeeper version')),
    latencyMs:
      min === undefined || avg === undefined || max === undefined ? undefined : { min, avg, max },
    receivedCount: toNumber(fields.get('Received')),
    sentCount: toNumber(fields.get('Sent')),
    connectionCount: toNumber(fields.get('Connections')),
    sessionCount: undefined,
    outstandingCount: toNumber(fields.get('Outstanding')),
    nodeCount: toNumber(fields.get('Node count')),
    watchCount: undefined,
    zxid: text(fields.get('Zxid')),
  };
}

/** Reads the answer of `mntr`. Undefined if it is not one. */
export function readMntr(answer: string): ServerFacts | undefined {
  const values = keysAndValues(answer);
  if (values?.['zk_version'] === undefined) return undefined;
  const number = (name: string) => toNumber(values[`zk_${name}`]);
  const [min, avg, max] = [number('min_latency'), number('avg_latency'), number('max_latency')];
  return {
    role: text(values['zk_server_state']),
    version: readVersion(values['zk_version']),
    latencyMs:
      min === undefined || avg === undefined || max === undefined ? undefined : { min, avg, max },
    receivedCount: number('packets_received'),
    sentCount: number('packets_sent'),
    connectionCount: number('num_alive_connections'),
    sessionCount: number('global_sessions'),
    outstandingCount: number('outstanding_requests'),
    nodeCount: number('znode_count'),
    watchCount: number('watch_count'),
    zxid: undefined, // It does not say.
  };
}

/** What two answers say together; the first has the word where both speak. */
export function mergeFacts(first: ServerFacts, second: ServerFacts): ServerFacts {
  return {
    role: first.role ?? second.role,
    version: first.version ?? second.version,
    latencyMs: first.latencyMs ?? second.latencyMs,
    receivedCount: first.receivedCount ?? second.receivedCount,
    sentCount: first.sentCount ?? second.sentCount,
    connectionCount: first.connectionCount ?? second.connectionCount,
    sessionCount: first.sessionCount ?? second.sessionCount,
    outstandingCount: first.outstandingCount ?? second.outstandingCount,
    nodeCount: first.nodeCount ?? second.nodeCount,
    watchCount: first.watchCount ?? second.watchCount,
    zxid: first.zxid ?? second.zxid,
  };
}

/** Reads the answer of `cons`. */
export function readCons(answer: string): readonly ConnectionFacts[] {
  return answer.split('\n').flatMap((line) => {
    const match = /^ *\/?([^[]*|\[[^\]]*\]:\d+)\[[0-9a-fA-F]+\]\((.*)\)\s*$/.exec(line);
    if (match === null) return [];
    const fields = new Map(
      match[2]!.split(',').map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), pair.slice(at + 1)] as const;
      }),
    );
    return [
      {
        client: printableLine(match[1]!),
        session: text(fields.get('sid')),
        queuedCount: toNumber(fields.get('queued')) ?? 0,
        receivedCount: toNumber(fields.get('recved')) ?? 0,
        sentCount: toNumber(fields.get('sent')) ?? 0,
        lastOperation: text(fields.get('lop')),
        latencyMsAvg: toNumber(fields.get('avglat')),
      },
    ];
  });
}

/** `3.8.0-${mvngit.commit.id}, built on ...` is `3.8.0`: what stands behind a hyphen is kept if it is words. */
function readVersion(line: string | undefined): string | undefined {
  const version = text(line)?.split(',')[0]?.trim();
  return version?.replace(/-([0-9a-f]{16,}|\$\{.*)$/, '');
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : printableLine(value);
}

function toNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^-?\d+(\.\d+)?(E-?\d+)?$/i.test(value) ? Number(value) : undefined;
}
