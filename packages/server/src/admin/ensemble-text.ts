/** What words and commands print of an ensemble, as Apache's server prints it. */
import type { ServerLine } from '@zooid/protocol';
import type { AdminView } from './admin-view.ts';
import type { EnsembleView, ObserverView } from './ensemble-view.ts';
import { javaAddress, javaHex, javaSocketAddress } from './java-text.ts';
import type { Json } from './json-text.ts';

type Fields = Readonly<Record<string, Json>>;

/** The lines of `conf` that only members have. The last one has no end, as in Apache's. Source: QuorumZooKeeperServer.dumpConf. */
export function confText(ensemble: EnsembleView): string {
  const own = ensemble.membership.servers.get(ensemble.serverId);
  const ports = (pick: 'electionPort' | 'quorumPort') =>
    (own?.addresses ?? []).map((address) => address[pick]).join('|');
  return [
    `initLimit=${ensemble.initLimitTicks}`,
    `syncLimit=${ensemble.syncLimitTicks}`,
    'electionAlg=3',
    `electionPort=${ports('electionPort')}`,
    `quorumPort=${ports('quorumPort')}`,
    `peerType=${ensemble.role === 'observer' ? 1 : 0}`,
    'membership: ',
    ensemble.membershipText,
  ].join('\n');
}

/** `peer_state` of `mntr`. Source: QuorumPeer.getDetailedPeerState. */
export function peerState(view: AdminView, ensemble: EnsembleView): string {
  const doing = { leader: 'leading', follower: 'following', observer: 'observing' } as const;
  const { state } = view;
  const role = state in doing ? doing[state as keyof typeof doing] : 'looking';
  return ensemble.zabState === 'election' ? role : `${role} - ${ensemble.zabState}`;
}

/** `/commands/leader`. */
export function leaderFields(view: AdminView, ensemble: EnsembleView): Fields {
  const { leaderId, membership } = ensemble;
  const line = leaderId === undefined ? undefined : membership.servers.get(leaderId);
  return {
    is_leader: view.state === 'leader',
    leader_id: leaderId ?? -1,
    leader_ip: line?.addresses.map(({ host }) => host).join('|') ?? '',
  };
}

/** `/commands/voting_view`. */
export function votingViewFields(view: AdminView, ensemble: EnsembleView): Fields {
  const servers: Record<string, Json> = {};
  for (const [id, line] of ensemble.membership.servers) {
    if (line.role !== 'participant') continue;
    servers[String(id)] = {
      server_addresses: addressesOf(line, 'quorumPort'),
      election_addresses: addressesOf(line, 'electionPort'),
      client_address: clientAddressOf(view, ensemble, line),
      learner_type: line.role,
    };
  }
  return { current_config: servers };
}

/** `/commands/zabstate`. */
export function zabStateFields(view: AdminView, ensemble: EnsembleView): Fields {
  const own = ensemble.membership.servers.get(ensemble.serverId);
  const { lastProcessedZxid } = view;
  return {
    myid: ensemble.serverId,
    is_leader: view.state === 'leader',
    quorum_address: addressFields(own, 'quorumPort'),
    election_address: addressFields(own, 'electionPort'),
    client_address: own === undefined ? '' : clientAddressOf(view, ensemble, own),
    voting: ensemble.role === 'participant',
    last_zxid: `0x${javaHex(lastProcessedZxid)}`,
    zab_epoch: Math.floor(lastProcessedZxid / 2 ** 32),
    zab_counter: lastProcessedZxid % 2 ** 32,
    zabstate: ensemble.zabState,
  };
}

/** `/commands/observers`. */
export function observerFields(ensemble: EnsembleView | undefined): Fields {
  const leading = ensemble?.leading;
  return {
    synced_observers: leading?.syncedObserverCount ?? 0,
    observers: Array.from(leading?.observers() ?? [], observerJson),
  };
}

function observerJson(observer: ObserverView): Json {
  return {
    remote_socket_address: `/${javaAddress(observer.address)}`,
    sid: observer.serverId,
    established: Math.floor(observer.establishedMs),
    // What is written to a socket waits there: there are no packets in a queue.
    queued_packets: 0,
    queued_packets_size: 0,
    packets_received: observer.packetsReceived,
    packets_sent: observer.packetsSent,
    requests: observer.requestCount,
    last_zxid: observer.lastZxid,
  };
}

type PortName = 'quorumPort' | 'electionPort';

function addressesOf(line: ServerLine | undefined, port: PortName): string[] {
  return (line?.addresses ?? []).map((address) => javaSocketAddress(address.host, address[port]));
}

/** As Jackson prints a MultipleAddresses, getters and all. */
function addressFields(line: ServerLine | undefined, port: PortName): Json {
  const all = addressesOf(line, port);
  const first = all[0] ?? '';
  const addresses = line?.addresses ?? [];
  return {
    empty: all.length === 0,
    all_addresses: all,
    all_reachable_addresses: all,
    one: first,
    reachable_address: first,
    wildcard_addresses: addresses.map((address) => `0.0.0.0:${address[port]}`),
    all_ports: addresses.map((address) => address[port]),
    all_host_strings: addresses.map(({ host }) => host),
    all_reachable_addresses_or_all: all,
    reachable_or_one: first,
  };
}

/** That of the server line, or of this server's own configuration. */
function clientAddressOf(view: AdminView, ensemble: EnsembleView, line: ServerLine): string {
  if (line.client !== undefined) {
    return javaSocketAddress(line.client.host, line.client.port);
  }
  if (line.id !== ensemble.serverId) return '';
  const { clientHost, clientPort } = view.config;
  return javaSocketAddress(clientHost ?? '0.0.0.0', clientPort);
}
