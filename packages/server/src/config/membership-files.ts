/**
 * The files in which a member keeps who else is in its ensemble, once a reconfiguration has changed it.
 *
 *     proposed    zoo.cfg.dynamic.next         with its version: it may be committed while this server is away
 *     committed   zoo.cfg.dynamic.<version>    written whole
 *                 zoo.cfg                      replaced: points at it, and has no lines about servers any more
 *                 zoo.cfg.dynamic.next         removed, unless a later one is in it
 *
 * Each step is durable before the next, and every state in between is a configuration to start with. The dynamic files of before stay, and
 * zoo.cfg as a person wrote it is kept as zoo.cfg.bak. What is not about servers stays in zoo.cfg as it is, comments
 * and order included; Apache's server writes those keys anew in the order of a hash table.
 *
 * Source: QuorumPeer.setLastSeenQuorumVerifier and setQuorumVerifier, QuorumPeerConfig.writeDynamicConfig, editStaticConfig and
 * backupOldConfig.
 */

import fs from 'node:fs';
import { formatMembership, type Membership, parseMembership } from '@zooid/protocol';
import { type FileCalls, realFiles } from '../disk/file-calls.ts';
import { replaceFile } from '../disk/replace-file.ts';
import type { ListenPlace } from '../net/movable-port.ts';
import { parseProperties } from './properties-file.ts';

/** Keys that leave zoo.cfg for the dynamic file, or say what its lines say. */
const MOVED_KEY = /^(server\.|group|weight|dynamicConfigFile|peerType)/;
/** Keys that a client address in the server's own line takes the place of. */
const CLIENT_KEY = /^clientPort(Address)?$/;

/** The membership files beside one zoo.cfg. All calls are synchronous, and throw what the system says. */
export class MembershipFiles {
  readonly #staticFile: string;
  readonly #files: FileCalls;

  /** @param staticFile - zoo.cfg, which exists. */
  constructor(staticFile: string, files: FileCalls = realFiles) {
    this.#staticFile = staticFile;
    this.#files = files;
  }

  /** Keeps zoo.cfg as it is now as zoo.cfg.bak. For one that holds the server lines itself, before it is first rewritten. */
  backUp(): void {
    const text = fs.readFileSync(this.#staticFile, 'latin1');
    replaceFile(`${this.#staticFile}.bak`, text, 'latin1', this.#files);
  }

  /** A membership was proposed, and may be committed. */
  saveProposed(membership: Membership): void {
    replaceFile(this.#nextFile, sortedText(membership), 'utf8', this.#files);
  }

  /**
   * A membership is in force: the next start comes up with it.
   *
   * @param serverId - of this server; it need not be a member any more.
   * @param client - where clients are served now; written down where neither the own line nor zoo.cfg says it, for a start needs it.
   * @returns the dynamic file.
   */
  saveCommitted(membership: Membership, serverId: number, client: ListenPlace): string {
    const version = membership.version.toString(16);
    const dynamicFile = `${this.#staticFile}.dynamic.${version}`;
    const lines = sortedText(membership)
      .split('\n')
      .filter((line) => !line.startsWith('version='));
    replaceFile(dynamicFile, lines.join('\n'), 'utf8', this.#files);
    const text = fs.readFileSync(this.#staticFile, 'latin1');
    const isClientMoved = membership.servers.get(serverId)?.client !== undefined;
    const edited = editStaticText(text, dynamicFile, isClientMoved ? 'moved' : client);
    replaceFile(this.#staticFile, edited, 'latin1', this.#files);
    this.#forgetProposed(membership.version);
    return dynamicFile;
  }

  get #nextFile(): string {
    return `${this.#staticFile}.dynamic.next`;
  }

  #forgetProposed(version: number): void {
    let text: string;
    try {
      text = fs.readFileSync(this.#nextFile, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    const reading = parseMembership(text);
    if (reading.ok && reading.membership.version > version) return;
    this.#files.unlinkSync(this.#nextFile);
  }
}

/** The lines in the order in which Apache's server sorts them in files: as text. */
function sortedText(membership: Membership): string {
  return formatMembership(membership).split('\n').sort().join('\n');
}

/**
 * The text of zoo.cfg with the lines about servers taken out and `dynamicConfigFile` put in, where the first of them stood.
 *
 * @param clientAddress - `moved` when the server's own line says it now; else where it is, which is written down unless the text says it.
 */
export function editStaticText(
  text: string,
  dynamicFile: string,
  clientAddress: 'moved' | ListenPlace,
): string {
  const lines: (string | undefined)[] = text.split(/\r\n|\r|\n/);
  let place: number | undefined;
  const names = new Set<string>();
  for (const { key, line, lastLine } of parseProperties(text).entries) {
    const name = key.trim();
    names.add(name);
    const isMoved = MOVED_KEY.test(name);
    if (!isMoved && !(clientAddress === 'moved' && CLIENT_KEY.test(name))) continue;
    if (isMoved) place ??= line - 1;
    lines.fill(undefined, line - 1, lastLine);
  }
  // A backslash would be an escape; Windows takes the other one, too.
  const pointer = `dynamicConfigFile=${dynamicFile.replaceAll('\\', '/')}`;
  if (place === undefined) {
    if (lines.at(-1) === '') lines.pop();
    lines.push(pointer, '');
  } else {
    lines[place] = pointer;
  }
  if (clientAddress !== 'moved' && !names.has('clientPort')) {
    const { host, port } = clientAddress;
    const added = [`clientPort=${port}`];
    if (host !== undefined && !names.has('clientPortAddress')) {
      added.push(`clientPortAddress=${host}`);
    }
    lines.splice(lines.indexOf(pointer) + 1, 0, ...added);
  }
  return lines.filter((line) => line !== undefined).join('\n');
}
