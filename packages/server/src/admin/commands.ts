/**
 * The table of the admin HTTP commands: names, method, who may call them, what they answer. Names and fields are those
 * of Apache's `Commands`; the two that wait for the disk are in `snapshot-commands.ts`.
 */
import { monitorFields } from '../report/metric-walk.ts';
import type { AdminView } from './admin-view.ts';
import { type Command, type CommandCall, type CommandResult, ok, refused } from './command.ts';
import { connectionJson } from './connection-text.ts';
import { leaderFields, observerFields, votingViewFields, zabStateFields } from './ensemble-text.ts';
import { environment, userName } from './environment.ts';
import { javaHex } from './java-text.ts';
import { Double, type Json } from './json-text.ts';
import { readJsonBody } from './request-body.ts';
import { snapshotCommands } from './snapshot-commands.ts';
import type { TraceMask } from './trace-mask.ts';

/** Settings that commands obey. */
export interface CommandOptions {
  /** `admin.snapshot.enabled`, `admin.restore.enabled`. */
  readonly isSnapshotOn: boolean;
  readonly isRestoreOn: boolean;
  /** `admin.rateLimiterIntervalInMS`. */
  readonly rateLimitIntervalMs: number;
  readonly traceMask: TraceMask;
}

/** Entries of one answer that lists sessions, paths or connections. Apache has no bound. */
const ENTRIES_MAX = 200_000;
/** Bytes of a body that is not a snapshot. */
const BODY_BYTES_MAX = 16 * 1024;

/** Every command, by each of its names. */
export function commandTable(options: CommandOptions): ReadonlyMap<string, Command> {
  const table = new Map<string, Command>();
  for (const command of [...plainCommands(options.traceMask), ...snapshotCommands(options)]) {
    for (const name of command.names) table.set(name, command);
  }
  return table;
}

/** Links to all commands, as the page at the base path shows them. */
export function commandIndex(table: ReadonlyMap<string, Command>, basePath: string): string {
  const primary = new Set([...table.values()].map(({ names }) => names[0]));
  return [...primary]
    .sort()
    .map((name) => `<a href="${basePath}/${name}">${name}</a>\n<br/>\n`)
    .join('');
}

function plainCommands(traceMask: TraceMask): readonly Command[] {
  return [
    get(['configuration', 'conf', 'config'], ({ config }) => ({
      client_port: config.clientPort,
      data_dir: config.dataDir,
      data_log_dir: config.dataLogDir,
      tick_time: config.tickTimeMs,
      max_client_cnxns: config.maxClientCnxns,
      min_session_timeout: config.minSessionTimeoutMs,
      max_session_timeout: config.maxSessionTimeoutMs,
      server_id: config.serverId,
      client_port_listen_backlog: config.clientPortListenBacklog,
    })),
    get(['connection_stat_reset', 'crst'], (view) => {
      view.resetConnectionStats();
      return {};
    }),
    get(['connections', 'cons'], (view) => connectionFields(view, 'full')),
    get(['dirs'], (view) => ({
      datadir_size: view.dataDirBytes(),
      logdir_size: view.dataLogDirBytes(),
    })),
    get(['dump'], (view) => {
      const expiries: Record<string, Json> = {};
      const buckets = [...(view.localSessionBuckets() ?? []), ...view.sessionBuckets()];
      for (const { expiresMs, sessions } of buckets) {
        const ids = (expiries[String(expiresMs)] ?? []) as Json[];
        expiries[String(expiresMs)] = [...ids, ...sessions.map(({ id }) => id)];
      }
      return {
        expiry_time_to_session_ids: expiries,
        session_id_to_ephemeral_paths: listed(view.ephemerals()),
      };
    }),
    always(['environment', 'env', 'envi'], (view) => Object.fromEntries(environment(view.version))),
    always(['get_trace_mask', 'gtmk'], () => ({ tracemask: traceMask.value })),
    get(['hash'], (view) => ({
      digests: Array.from(view.digestLog(), ({ zxid, digest, digestVersion }) => ({
        zxid,
        digest: BigInt.asIntN(64, digest),
        digest_version: digestVersion,
      })),
    })),
    get(['initial_configuration', 'icfg'], ({ config }) => ({
      initial_configuration: config.initialConfiguration,
    })),
    get(['is_read_only', 'isro'], ({ isReadOnly }) => ({ read_only: isReadOnly })),
    get(['last_snapshot', 'lsnp'], ({ lastSnapshot }) => ({
      zxid: javaHex(lastSnapshot?.zxid ?? -1),
      timestamp: lastSnapshot?.timestampS ?? -1,
    })),
    command(['leader', 'lead'], ({ view }) =>
      // What Apache's server answers when it is alone or read-only.
      view.ensemble?.isInService === true
        ? ok(leaderFields(view, view.ensemble))
        : refused(200, 'server is not initialized'),
    ),
    get(['monitor', 'mntr'], monitorFields),
    get(['observer_connection_stat_reset', 'orst'], (view) => {
      view.ensemble?.leading?.resetObserverStats();
      return {};
    }),
    get(['observers', 'obsr'], ({ ensemble }) => observerFields(ensemble)),
    get(['ruok'], () => ({})),
    get(['server_stats', 'srvr'], serverStatsFields),
    setTraceMaskCommand(traceMask),
    {
      names: ['shed_connections', 'shed'],
      method: 'POST',
      needsServer: true,
      needsAuthorization: true,
      run: shedConnections,
    },
    get(['stat_reset', 'srst'], ({ stats }) => {
      stats.reset();
      return {};
    }),
    get(['stats', 'stat'], (view) => ({
      ...serverStatsFields(view),
      ...connectionFields(view, 'brief'),
    })),
    always(['system_properties', 'sysp'], systemPropertyFields),
    get(['voting_view'], (view) =>
      view.ensemble?.isInService === true
        ? votingViewFields(view, view.ensemble)
        : { current_config: {} },
    ),
    get(['watch_summary', 'wchs'], ({ watchSummary }) => ({
      num_connections: watchSummary.watcherCount,
      num_paths: watchSummary.pathCount,
      num_total_watches: watchSummary.watchCount,
    })),
    get(['watches', 'wchc'], (view) => ({
      session_id_to_watched_paths: listed(view.watchesBySession()),
    })),
    get(['watches_by_path', 'wchp'], (view) => ({
      path_to_session_ids: listed(view.watchesByPath()),
    })),
    always(['zabstate'], (view) =>
      view.ensemble === undefined
        ? { voting: false, zabstate: '' }
        : zabStateFields(view, view.ensemble),
    ),
  ];
}

type Names = readonly [string, ...string[]];
type Fields = Readonly<Record<string, Json>>;

function get(names: Names, fields: (view: AdminView) => Fields): Command {
  return command(names, ({ view }) => ok(fields(view)));
}

/** A command that answers whether the server serves or not. */
function always(names: Names, fields: (view: AdminView) => Fields): Command {
  return { ...get(names, fields), needsServer: false };
}

function command(names: Names, run: Command['run']): Command {
  return { names, method: 'GET', needsServer: true, needsAuthorization: false, run };
}

function setTraceMaskCommand(traceMask: TraceMask): Command {
  return {
    ...command(['set_trace_mask', 'stmk'], ({ parameters }) => {
      const text = parameters.get('traceMask');
      if (text === undefined) return refused(200, 'setTraceMask requires long traceMask argument');
      const mask = /^[+-]?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
      if (mask === undefined || BigInt.asIntN(64, mask) !== mask) {
        return refused(200, `setTraceMask requires long traceMask argument, got ${text}`);
      }
      traceMask.value = mask;
      return ok({ tracemask: mask });
    }),
    needsServer: false,
  };
}

function connectionFields(view: AdminView, detail: 'brief' | 'full'): Fields {
  const plain: Json[] = [];
  const secure: Json[] = [];
  for (const connection of view.connections()) {
    if (plain.length + secure.length >= ENTRIES_MAX) break;
    (connection.isSecure ? secure : plain).push(connectionJson(connection, detail));
  }
  return { connections: plain, secure_connections: secure };
}

function serverStatsFields(view: AdminView): Fields {
  const { stats } = view;
  const sizes = {
    last_buffer_size: stats.responseSizes.last,
    min_buffer_size: stats.responseSizes.min,
    max_buffer_size: stats.responseSizes.max,
  };
  return {
    version: view.version,
    read_only: view.isReadOnly,
    server_stats: {
      packets_sent: stats.packetsSent,
      packets_received: stats.packetsReceived,
      fsync_threshold_exceed_count: stats.slowFsyncs,
      client_response_stats: sizes,
      data_dir_size: view.dataDirBytes(),
      log_dir_size: view.dataLogDirBytes(),
      provider_null: false,
      server_state: view.state,
      last_processed_zxid: view.lastProcessedZxid,
      outstanding_requests: view.outstandingRequests,
      avg_latency: new Double(stats.requestLatency.average),
      max_latency: stats.requestLatency.max,
      min_latency: stats.requestLatency.min,
      num_alive_client_connections: view.connectionCount,
      auth_failed_count: stats.authFailures,
      // The names that Jackson makes of getNonMTLSRemoteConnCount and its sister.
      non_mtlsremote_conn_count: 0,
      non_mtlslocal_conn_count: 0,
      uptime: Math.floor(view.uptimeMs),
    },
    client_response: sizes,
    ...proposalStats(view),
    node_count: view.nodeCount,
  };
}

function proposalStats({ ensemble }: AdminView): Fields {
  const sizes = ensemble?.leading?.proposalSizes;
  if (sizes === undefined) return {};
  return {
    proposal_stats: {
      last_buffer_size: sizes.last,
      min_buffer_size: sizes.min,
      max_buffer_size: sizes.max,
    },
  };
}

function systemPropertyFields(view: AdminView): Fields {
  const properties: [string, string][] = [
    ['user.name', userName()],
    ['user.dir', process.cwd()],
    ['node.version', process.version],
  ];
  for (const [name, value] of view.systemProperties()) properties.push([name, value]);
  properties.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(properties);
}

/** A map from keys to lists, cut off at the bound. */
function listed(
  entries: Iterable<readonly [key: bigint | string, values: Iterable<string | bigint>]>,
): Json {
  const lists: Record<string, Json> = {};
  let count = 0;
  for (const [key, values] of entries) {
    const list: Json[] = [];
    lists[String(key)] = list;
    for (const value of values) {
      if (count >= ENTRIES_MAX) return lists;
      count += 1;
      list.push(value);
    }
  }
  return lists;
}

async function shedConnections({ view, body }: CommandCall): Promise<CommandResult> {
  const asked = await readJsonBody(body, BODY_BYTES_MAX);
  if (asked.kind === 'bad')
    return refused(400, `Invalid JSON or failed to read request body: ${asked.reason}`);
  const { value } = asked;
  if (typeof value !== 'object' || value === null || !('percentage' in value)) {
    return refused(400, 'Missing required field: percentage');
  }
  const { percentage } = value;
  if (
    typeof percentage !== 'number' ||
    !Number.isInteger(percentage) ||
    percentage < 0 ||
    percentage > 100
  ) {
    return refused(400, 'Percentage must be between 0 and 100');
  }
  return ok({
    connections_shed: percentage === 0 ? 0 : view.shedConnections(percentage),
    percentage_requested: percentage,
  });
}
