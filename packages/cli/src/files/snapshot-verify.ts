/**
 * `zooid snapshot verify`: whether a snapshot is what was written, and whether what was written is a tree.
 *
 * Memory: sessions, ACLs, and 64 bits for each znode. Two paths of the same 64 bits would be told as one that is there
 * twice: among ten million znodes that happens once in 400,000 files.
 */

import {
  EphemeralType,
  ephemeralTypeOf,
  OPEN_ACL_ID,
  parentOf,
  pathProblem,
  type SnapshotZnode,
} from '@zooid/protocol';
import {
  javaHex,
  SnapshotDamage,
  type SnapshotName,
  type SnapshotScan,
  znodeDigest,
} from '@zooid/server/files';
import type { CommandContext } from '../command.ts';
import type { Finding } from './finding.ts';
import { PathSet } from './path-set.ts';
import { describeDamage, passOver, type SnapshotEnd } from './snapshot-pass.ts';

/** Findings of one kind that are told; what is beyond is counted. */
const FINDINGS_PER_CODE_MAX = 10;
const DIGEST_VERSION = 2;

export interface SnapshotVerification {
  readonly file: string;
  /** From its name; NaN if that is no snapshot's. */
  readonly zxid: number;
  /** As far as it could be read. */
  readonly znodes: number;
  readonly sessions: number;
  readonly dataBytes: number;
  readonly findings: readonly Finding[];
}

/** Verifies one file. */
export async function verifySnapshot(
  name: SnapshotName,
  context: CommandContext,
): Promise<SnapshotVerification> {
  const check = new SnapshotCheck(name);
  try {
    const end = await passOver(name, context, 'comes last', {
      begin: (scan) => check.begin(scan),
      znode: (znode) => check.znode(znode),
    });
    check.end(end);
  } catch (error) {
    if (!(error instanceof SnapshotDamage)) throw error;
    check.damage(error);
  }
  return check.result();
}

class SnapshotCheck {
  readonly #name: SnapshotName;
  readonly #findings: Finding[] = [];
  readonly #counts = new Map<string, number>();
  readonly #paths = new PathSet();
  readonly #sessions = new Set<bigint>();
  #aclIds: ReadonlySet<bigint> = new Set();
  /** Owners that are no session of the file, and one of their znodes. */
  readonly #strangers = new Map<bigint, string>();
  /** ACLs that the file does not list, and one of their znodes. */
  readonly #unlistedAcls = new Map<bigint, string>();
  #znodes = 0;
  #dataBytes = 0;
  #digest = 0n;
  #lastZxid = 0;
  #hasRoot = false;

  constructor(name: SnapshotName) {
    this.#name = name;
  }

  begin(scan: SnapshotScan): void {
    for (const session of scan.sessions) {
      if (this.#sessions.has(session.id))
        this.#find('SESSION_TWICE', `session 0x${javaHex(session.id)} is there twice.`);
      this.#sessions.add(session.id);
    }
    this.#aclIds = new Set(scan.acls.keys());
  }

  znode(znode: SnapshotZnode): void {
    const { path, stat, data } = znode;
    this.#znodes++;
    this.#dataBytes += data?.byteLength ?? 0;
    this.#digest += BigInt(znodeDigest(znode));
    this.#lastZxid = Math.max(this.#lastZxid, stat.mzxid, stat.pzxid, stat.czxid);
    if (path === '') {
      if (this.#hasRoot) this.#find('ZNODE_TWICE', 'the root is there twice.');
      this.#hasRoot = true;
    } else {
      this.#checkPath(path);
    }
    const { aclId } = znode;
    if (aclId !== OPEN_ACL_ID && !this.#aclIds.has(aclId) && !this.#unlistedAcls.has(aclId))
      this.#unlistedAcls.set(aclId, path);
    const owner = stat.ephemeralOwner;
    if (owner === 0n || this.#sessions.has(owner)) return;
    if (ephemeralTypeOf(owner, 'extended') !== EphemeralType.normal) return;
    if (!this.#strangers.has(owner)) this.#strangers.set(owner, path);
  }

  #checkPath(path: string): void {
    const problem = pathProblem(path);
    if (problem !== undefined) {
      this.#find('PATH_INVALID', `${JSON.stringify(path)} is no path: ${problem}.`);
      return;
    }
    const parent = parentOf(path);
    if (parent !== '/' && !this.#paths.has(parent)) {
      this.#find('PARENT_MISSING', `${path} comes before its parent, or without it.`);
    }
    if (!this.#paths.add(path)) this.#find('ZNODE_TWICE', `${path} is there twice.`);
  }

  end(end: SnapshotEnd): void {
    if (!this.#hasRoot) this.#find('ROOT_MISSING', 'there is no root.');
    // Apache's servers apply transactions while they write: the name's zxid is where they began. ACLs and sessions stand
    // in front of the znodes, and those that came meanwhile are not among them; the log has them.
    const { digest } = end;
    const reached = Math.max(end.lastZxid ?? 0, digest?.zxid ?? 0, this.#lastZxid);
    // A file of another name may be of any zxid.
    const isFuzzy = !(reached <= this.#name.zxid);
    const severity = isFuzzy ? 'info' : 'error';
    const hope = isFuzzy ? '; it may have come while the snapshot was written.' : '.';
    for (const [aclId, path] of this.#unlistedAcls) {
      const message = `${path} has the ACL ${aclId}, which the file does not list${hope}`;
      this.#find('ACL_UNKNOWN', message, severity);
    }
    for (const [owner, path] of this.#strangers) {
      const message = `${path} is an ephemeral of session 0x${javaHex(owner)}, which is not among the sessions${hope}`;
      this.#find('SESSION_UNKNOWN', message, severity);
    }
    this.#checkDigest(digest);
  }

  #checkDigest(digest: SnapshotEnd['digest']): void {
    if (digest === undefined || digest.version !== DIGEST_VERSION) return;
    const actual = BigInt.asUintN(64, this.#digest);
    if (digest.zxid !== this.#name.zxid) {
      const at = `0x${javaHex(digest.zxid)}`;
      this.#find(
        'DIGEST_OF_ANOTHER_ZXID',
        `its digest is of zxid ${at}, which the log must reach before it can be compared.`,
        'info',
      );
      return;
    }
    if (actual === digest.digest) return;
    const difference = `its content has the digest ${actual.toString(16)} and not ${digest.digest.toString(16)}`;
    if (this.#lastZxid > this.#name.zxid) {
      // One that was applied while the last znodes were written: the digest does not count it yet.
      const message = `${difference}: it has a part of transaction 0x${javaHex(this.#lastZxid)}, which the log completes.`;
      this.#find('DIGEST_DIFFERS', message, 'info');
    } else {
      this.#find('DIGEST_DIFFERS', `${difference}, though its checksum may match.`);
    }
  }

  damage(damage: SnapshotDamage): void {
    this.#find('SNAPSHOT_DAMAGED', `it is no whole snapshot: ${describeDamage(damage)}.`);
  }

  result(): SnapshotVerification {
    const findings = [...this.#findings];
    for (const [code, count] of this.#counts) {
      const more = count - FINDINGS_PER_CODE_MAX;
      if (more <= 0) continue;
      const message = `${more} more of these.`;
      findings.push({ severity: 'info', code, where: this.#name.path, message });
    }
    return {
      file: this.#name.path,
      zxid: this.#name.zxid,
      znodes: this.#znodes,
      sessions: this.#sessions.size,
      dataBytes: this.#dataBytes,
      findings,
    };
  }

  #find(code: string, message: string, severity: 'error' | 'info' = 'error'): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count > FINDINGS_PER_CODE_MAX) return;
    const remedy =
      severity === 'error' && count === 1
        ? 'A server passes over a damaged snapshot for the one before, if the log reaches far enough. Keep that one, and move this elsewhere.'
        : undefined;
    this.#findings.push({ severity, code, where: this.#name.path, message, remedy });
  }
}
