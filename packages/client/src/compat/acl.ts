import type { Acl as WireAcl } from '@zooid/protocol';
import { Permission } from './constants.ts';

/** The wire's form of an {@link Id}. */
export interface IdRecord {
  readonly scheme: string;
  readonly id: string;
}

/** The wire's form of an {@link ACL}. */
export interface AclRecord {
  readonly perms: number;
  readonly id: IdRecord;
}

/** Who somebody is, under one authentication scheme. */
export class Id {
  /** Everybody. */
  static readonly ANYONE_ID_UNSAFE: Id = new Id('world', 'anyone');
  /** Whoever creates the znode. */
  static readonly AUTH_IDS: Id = new Id('auth', '');

  scheme: string;
  id: string;

  /** @throws Error for a scheme or id that is none. */
  constructor(scheme: string, id: string) {
    if (typeof scheme !== 'string' || scheme === '') {
      throw new Error('scheme must be a non-empty string.');
    }
    if (typeof id !== 'string') throw new Error('id must be a string.');
    this.scheme = scheme;
    this.id = id;
  }

  static fromRecord(record: IdRecord): Id {
    return new Id(record.scheme, record.id);
  }

  toRecord(): IdRecord {
    return { scheme: this.scheme, id: this.id };
  }
}

/** These permissions for that identity. */
export class ACL {
  /** Everybody may do everything. */
  static readonly OPEN_ACL_UNSAFE: ACL[] = [new ACL(Permission.ALL, Id.ANYONE_ID_UNSAFE)];
  /** Whoever creates the znode may do everything. */
  static readonly CREATOR_ALL_ACL: ACL[] = [new ACL(Permission.ALL, Id.AUTH_IDS)];
  /** Everybody may read. */
  static readonly READ_ACL_UNSAFE: ACL[] = [new ACL(Permission.READ, Id.ANYONE_ID_UNSAFE)];

  /** Bits of `Permission`. */
  permission: number;
  id: Id;

  /** @throws Error for a permission outside of 1 to 31, or an id that is none. */
  constructor(permission: number, id: Id) {
    if (typeof permission !== 'number' || permission < 1 || permission > 31) {
      throw new Error('permission must be a valid integer.');
    }
    if (!(id instanceof Id)) throw new Error('id must be an instance of Id class.');
    this.permission = permission;
    this.id = id;
  }

  static fromRecord(record: AclRecord): ACL {
    return new ACL(record.perms, Id.fromRecord(record.id));
  }

  toRecord(): AclRecord {
    return { perms: this.permission, id: this.id.toRecord() };
  }
}

/** What is sent for entries of a caller. @throws TypeError when one is no {@link ACL}. */
export function wireAclsOf(acls: readonly ACL[]): WireAcl[] {
  return acls.map((acl) => {
    const { perms, id } = acl.toRecord();
    return { perms, scheme: String(id.scheme), id: String(id.id) };
  });
}

/** What a server has: taken as it is, even where a caller would be refused, such as no permission at all. */
export function aclOfWire({ perms, scheme, id }: WireAcl): ACL {
  const who = Object.assign(Object.create(Id.prototype) as Id, { scheme, id });
  return Object.assign(Object.create(ACL.prototype) as ACL, { permission: perms, id: who });
}
