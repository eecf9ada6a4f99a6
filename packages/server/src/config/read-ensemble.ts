// The `server.N`, `group.N` and `weight.N` lines: whether they make an ensemble, which of them is this server, and what
// an operator may have got wrong in them.
//
// Source: QuorumPeerConfig.setupQuorumPeerConfig, isDistributed and checkValidity; QuorumPeer.start.

import { resolve } from 'node:path';
import {
  ANY_HOST,
  type Membership,
  parseMembership,
  participantsOf,
  readMembership,
  type ServerLine,
} from '@zooid/protocol';
import type { EnsembleSurroundings } from './build-config.ts';
import type { Draft } from './config-key.ts';
import { NOWHERE, type PlacedText, type Remarks } from './remarks.ts';
import type { ListenAddress } from './server-config.ts';

/** What is read. */
export interface EnsembleInput {
  /** The lines about servers, with their keys. */
  readonly lines: ReadonlyMap<string, PlacedText>;
  readonly draft: Draft;
  /** The other keys of zoo.cfg. */
  readonly entries: ReadonlyMap<string, PlacedText>;
  /** Name of zoo.cfg, for messages. */
  readonly file: string | undefined;
  /** Makes a path absolute. */
  readonly resolvePath: (path: string) => string;
  /** Undefined for a file that is not there. */
  readonly readTextFile: (path: string) => string | undefined;
}

/** What came of it. */
export interface EnsembleReading {
  /** Undefined: a standalone server, or there are problems. */
  readonly ensemble: EnsembleSurroundings | undefined;
  /** Where the own line says that clients are served; undefined if it does not say it. */
  readonly client: ListenAddress | undefined;
}

const LINE_FORM = 'Write host:quorumPort:electionPort[:participant|observer][;[host:]clientPort].';
const GROUP_FORM =
  'Put each participant into exactly one group.N=1:2:3, and write a whole number into weight.N.';

/** Server ids take one byte of a session id. Source: SessionTrackerImpl.initializeNextSessionId. */
const SERVER_ID_MAX = 255;

const NOTHING: EnsembleReading = { ensemble: undefined, client: undefined };

/** Reads the lines about servers. What is wrong or doubtful goes into `remarks`. */
export function readEnsemble(input: EnsembleInput, remarks: Remarks): EnsembleReading {
  return new EnsembleReader(input, remarks).read();
}

class EnsembleReader {
  readonly #input: EnsembleInput;
  readonly #remarks: Remarks;

  constructor(input: EnsembleInput, remarks: Remarks) {
    this.#input = input;
    this.#remarks = remarks;
  }

  read(): EnsembleReading {
    const membership = this.#readMembership();
    if (membership === undefined) return NOTHING;
    const { isStandaloneAllowed } = this.#input.draft;
    const participants = participantsOf(membership);
    const last = [...membership.servers.values()].at(-1);
    const isLonely = participants.length === 1 && isStandaloneAllowed;
    if (last !== undefined && participants.length < membership.servers.size) {
      if (participants.length === 0 || isLonely) {
        const remedy = isLonely
          ? 'Add participants, or standaloneEnabled=false.'
          : 'Add participants.';
        this.#refuse(last, 'leaves an observer without an ensemble to observe', remedy);
        return NOTHING;
      }
    }
    if (participants.length === 0) {
      if (isStandaloneAllowed) return NOTHING;
      const at = this.#input.entries.get('standaloneEnabled') ?? { ...NOWHERE, text: 'false' };
      const reason = 'asks for an ensemble, and there is no participant';
      const remedy = 'Add a server line for each server, or remove the key.';
      this.#remarks.refuse('standaloneEnabled', at, reason, remedy);
      return NOTHING;
    }
    return isLonely ? this.#readStandalone(participants[0]!) : this.#readMember(membership);
  }

  #readMembership(): Membership | undefined {
    const { lines, draft } = this.#input;
    const reading = readMembership([...lines].map(([key, { text }]) => [key, text]));
    if (!reading.ok) {
      for (const { key, reason } of reading.faults) {
        const remedy =
          key.startsWith('server.') && !reason.includes('group') ? LINE_FORM : GROUP_FORM;
        const at = lines.get(key);
        if (at !== undefined) this.#remarks.refuse(key, at, reason, remedy);
        else this.#miss('weight.N', reason, remedy);
      }
      return undefined;
    }
    const { dynamicConfigFile } = draft;
    const version = dynamicConfigFile === undefined ? 0 : versionOfName(dynamicConfigFile);
    return { ...reading.membership, version };
  }

  /** A single server needs no number, and its line counts only if a number names it. */
  #readStandalone(line: ServerLine): EnsembleReading {
    const { dataDir } = this.#input.draft;
    if (dataDir === undefined) return NOTHING;
    const path = resolve(this.#input.resolvePath(dataDir), 'myid');
    const text = this.#input.readTextFile(path);
    if (text === undefined) return NOTHING;
    const remedy =
      'Write the number of the server, or remove the file: a single server needs none.';
    const id = this.#readId(path, text, remedy);
    return { ensemble: undefined, client: id === line.id ? this.#readClient(line) : undefined };
  }

  #readMember(membership: Membership): EnsembleReading {
    this.#checkLimits();
    this.#checkAddresses(membership);
    this.#checkIds(membership);
    this.#checkVoterCount(membership);
    const lastSeenMembership = this.#readLastSeen();
    const { dataDir, dynamicConfigFile } = this.#input.draft;
    if (dataDir === undefined) return NOTHING;
    const path = resolve(this.#input.resolvePath(dataDir), 'myid');
    const ids = listOf([...membership.servers.keys()]);
    const remedy = `Write the number of this server's own line into it: ${ids}.`;
    const text = this.#input.readTextFile(path);
    if (text === undefined) {
      this.#remarks.miss(path, NOWHERE, 'is missing', remedy);
      return NOTHING;
    }
    const serverId = this.#readId(path, text, remedy);
    if (serverId === undefined) return NOTHING;
    const own = membership.servers.get(serverId);
    if (own === undefined) {
      const reason = `says ${serverId}, and there is no line server.${serverId}`;
      this.#remarks.miss(path, NOWHERE, reason, `Add that line, or correct the number: ${ids}.`);
      return NOTHING;
    }
    this.#checkPeerType(own);
    const { file, resolvePath } = this.#input;
    return {
      ensemble: {
        serverId,
        membership,
        lastSeenMembership,
        staticFile: file === undefined ? undefined : resolvePath(file),
        dynamicFile: dynamicConfigFile === undefined ? undefined : resolvePath(dynamicConfigFile),
      },
      client: this.#readClient(own),
    };
  }

  /** Source: QuorumPeerConfig.setupMyId: the first line, as `Long.parseLong` reads it. */
  #readId(path: string, text: string, remedy: string): number | undefined {
    const myid = text.split(/\r\n|\r|\n/)[0]!;
    if (/^[+-]?\d{1,15}$/.test(myid)) return Number(myid);
    this.#remarks.miss(path, NOWHERE, 'is not a number', remedy);
    return undefined;
  }

  #readClient(own: ServerLine): ListenAddress | undefined {
    if (own.client === undefined) return undefined;
    const client = {
      host: own.client.host === ANY_HOST ? undefined : own.client.host,
      port: own.client.port,
    };
    const { clientPort, clientHost } = this.#input.draft;
    if (
      clientPort !== undefined &&
      (clientPort !== client.port || (clientHost ?? client.host) !== client.host)
    ) {
      const reason = 'has another client address than clientPort and clientPortAddress';
      const remedy = 'Remove clientPort and clientPortAddress, or make them equal.';
      this.#refuse(own, reason, remedy);
    }
    return client;
  }

  /** Source: QuorumPeerConfig.checkValidity, where 0 is not set. */
  #checkLimits(): void {
    const { initLimitTicks, syncLimitTicks } = this.#input.draft.ensemble;
    for (const [key, ticks, usual] of [
      ['initLimit', initLimitTicks, 10],
      ['syncLimit', syncLimitTicks, 5],
    ] as const) {
      if (ticks !== undefined && ticks > 0) continue;
      const at = this.#input.entries.get(key);
      const remedy = `Add ${key}=${usual}: that many ticks are usual.`;
      if (this.#remarks.hasProblem(key)) continue;
      if (at === undefined) this.#miss(key, 'is not set, and an ensemble needs it', remedy);
      else this.#remarks.refuse(key, at, 'is not a number of ticks', remedy);
    }
  }

  /** Two servers on one port wait for each other for ever; Apache's notice it only when one cannot bind the port. */
  #checkAddresses(membership: Membership): void {
    const { isMultiAddressOn } = this.#input.draft.ensemble;
    const users = new Map<string, { readonly line: ServerLine; readonly use: PortUse }>();
    for (const line of membership.servers.values()) {
      if (line.addresses.length > 1 && !isMultiAddressOn) {
        const reason = 'has several addresses, and multiAddress.enabled is not true';
        this.#refuse(line, reason, 'Leave one address, or add multiAddress.enabled=true.');
      }
      for (const { host, port, use } of portsOf(line)) {
        const place = `${host.toLowerCase()}:${port}`;
        const earlier = users.get(place);
        users.set(place, { line, use });
        if (earlier === undefined) continue;
        if (earlier.line === line) {
          this.#refuse(line, `uses port ${port} of ${host} twice`, 'Choose another port.');
        } else if (use === 'clients' && earlier.use === 'clients') {
          // It works where each server has a network of its own behind the name.
          const message = `has port ${port} of ${host} for ${use}, as server.${earlier.line.id} has`;
          this.#warn(line, `${message}; on one machine only one of them can`);
        } else {
          const reason = `has port ${port} of ${host} for ${use}, which server.${earlier.line.id} has for ${earlier.use}`;
          this.#refuse(line, reason, 'Give each server a host or ports of its own.');
        }
      }
    }
  }

  #checkIds(membership: Membership): void {
    for (const line of membership.servers.values()) {
      if (line.id > SERVER_ID_MAX) {
        const message = `has a number above ${SERVER_ID_MAX}; sessions of two such servers can get the same id`;
        this.#warn(line, message);
      }
    }
  }

  #checkVoterCount(membership: Membership): void {
    const { size } = new Set(participantsOf(membership));
    const last = participantsOf(membership).at(-1);
    if (last === undefined || membership.groups.size > 0) return;
    if (size === 2)
      this.#warn(last, 'makes two participants: none may fail. Three bear one failure');
    else if (size > 2 && size % 2 === 0) {
      const message = `makes ${size} participants, which bear no more failures than ${size - 1}`;
      this.#warn(last, `${message}; an odd number is better`);
    }
  }

  /** Source: QuorumPeerConfig.setupPeerType. That an observer's line says it is enough. */
  #checkPeerType(own: ServerLine): void {
    const at = this.#input.entries.get('peerType');
    const { peerType } = this.#input.draft.ensemble;
    if (at === undefined || peerType === own.role) return;
    this.#remarks.warn(
      'peerType',
      at,
      `differs from the line server.${own.id}: the server is ${own.role === 'observer' ? 'an observer' : 'a participant'}`,
    );
  }

  /** Source: QuorumPeerConfig.parse: the file counts only beside a dynamic file. */
  #readLastSeen(): Membership | undefined {
    const { file, draft, resolvePath, readTextFile } = this.#input;
    if (file === undefined || draft.dynamicConfigFile === undefined) return undefined;
    const path = `${resolvePath(file)}.dynamic.next`;
    const text = readTextFile(path);
    if (text === undefined) return undefined;
    const reading = parseMembership(text);
    if (reading.ok) return reading.membership;
    for (const { key, reason } of reading.faults) {
      const remedy =
        'Copy the file from another member, or remove it if no reconfiguration was under way.';
      this.#remarks.miss(key, { file: path, line: undefined }, reason, remedy);
    }
    return undefined;
  }

  #refuse(line: ServerLine, reason: string, remedy: string): void {
    this.#remarks.refuse(...this.#placeOf(line), reason, remedy);
  }

  #warn(line: ServerLine, message: string): void {
    this.#remarks.warn(...this.#placeOf(line), message);
  }

  /** The key as it was written, which may be `server.01`. */
  #placeOf(line: ServerLine): readonly [string, PlacedText] {
    for (const [key, at] of this.#input.lines) {
      if (key.startsWith('server.') && Number(key.slice('server.'.length)) === line.id)
        return [key, at];
    }
    return [`server.${line.id}`, { ...NOWHERE, text: '' }];
  }

  #miss(key: string, reason: string, remedy: string): void {
    this.#remarks.miss(key, { file: this.#input.file, line: undefined }, reason, remedy);
  }
}

type PortUse = 'the quorum' | 'elections' | 'clients';

interface UsedPort {
  readonly host: string;
  readonly port: number;
  readonly use: PortUse;
}

/** Every port that a server binds; clients of every address are on the host of the line. */
function portsOf(line: ServerLine): readonly UsedPort[] {
  const ports: UsedPort[] = [];
  for (const { host, quorumPort, electionPort } of line.addresses) {
    ports.push({ host, port: quorumPort, use: 'the quorum' });
    ports.push({ host, port: electionPort, use: 'elections' });
  }
  const { client } = line;
  // Port 0 is chosen by the system.
  if (client !== undefined && client.port !== 0) {
    const host = client.host === ANY_HOST ? line.addresses[0].host : client.host;
    ports.push({ host, port: client.port, use: 'clients' });
  }
  return ports;
}

/** The hexadecimal zxid behind the last dot; 0 if there is none. Source: QuorumPeerConfig.getVersionFromFilename. */
function versionOfName(file: string): number {
  const text = file.slice(file.lastIndexOf('.') + 1);
  const version = /^\+?[0-9a-fA-F]{1,16}$/.test(text) ? Number.parseInt(text, 16) : 0;
  return Number.isSafeInteger(version) ? version : 0;
}

/** `1, 2 or 3`. */
function listOf(ids: readonly number[]): string {
  const last = ids.at(-1);
  return ids.length < 2 ? String(last) : `${ids.slice(0, -1).join(', ')} or ${last}`;
}
