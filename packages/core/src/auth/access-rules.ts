import { type Acl, openAcl } from '@zooid/protocol';
import { type AuthId, isSameAuthId } from './auth-id.ts';
import type { AuthFacts, AuthOutcome, AuthProvider } from './auth-provider.ts';

/** How an operator set up authentication and permission. */
export interface AccessOptions {
  /** Schemes beside `world`, `auth` and `super`, which are built in. */
  readonly providers: readonly AuthProvider[];
  /** `skipACL=yes`: every check passes. */
  readonly skipAcl?: boolean | undefined;
  /**
   * `enforce.auth.schemes` while `enforce.auth.enabled`, or just `sasl` for
   * `sessionRequireClientSASLAuth`: a connection must hold an id of one of these. Empty: no need.
   */
  readonly enforcedSchemes?: readonly string[] | undefined;
}

/** One line of the answer to whoAmI. */
export interface ClientInfo {
  readonly authScheme: string;
  readonly user: string;
}

/**
 * Who may do what. Pure rules over ACLs and the ids that a connection has proved; which permission an
 * operation needs is for the operation to say.
 *
 * Sources: ZooKeeperServer.checkACL, PrepRequestProcessor.fixupACL, ProviderRegistry,
 * AuthenticationHelper, AuthUtil.
 */
export class AccessRules {
  readonly #providers = new Map<string, AuthProvider>();
  readonly #isSkipped: boolean;
  readonly #enforcedSchemes: readonly string[];

  constructor(options: AccessOptions) {
    for (const provider of options.providers) this.#providers.set(provider.scheme, provider);
    this.#isSkipped = options.skipAcl ?? false;
    this.#enforcedSchemes = options.enforcedSchemes ?? [];
  }

  /** Schemes that nobody here can prove though they are enforced: a mistake of the configuration. */
  get missingSchemes(): readonly string[] {
    return this.#enforcedSchemes.filter((scheme) => !this.#providers.has(scheme));
  }

  /**
   * Whether somebody with `ids` has one of the permissions in `wanted` (bits) under `acls`. An empty
   * list allows everything; so does holding an id of the scheme `super`.
   */
  allows(acls: readonly Acl[], wanted: number, ids: readonly AuthId[]): boolean {
    if (acls === openAcl || this.#isSkipped || acls.length === 0) return true;
    // Loops by index: this runs for each request to a znode that is not open.
    for (let i = 0; i < acls.length; i++) {
      const acl = acls[i]!;
      if ((acl.perms & wanted) === 0) continue;
      if (isAnyone(acl) || this.#isNamed(acl, ids)) return true;
    }
    return isSuper(ids);
  }

  /**
   * The list to store for the one that a client asked for: duplicates are gone, `auth` is replaced by
   * every id of the client that says who it is. Undefined means InvalidACL: the list is empty, has
   * an entry that is malformed or of an unknown scheme, or an `auth` that stands for nobody.
   */
  fixUp(requested: readonly Acl[], ids: readonly AuthId[]): readonly Acl[] | undefined {
    if (requested.length === 0) return undefined;
    // The common case, and the tree knows this list by identity.
    if (requested === openAcl) return openAcl;
    const fixed: Acl[] = [];
    for (const acl of withoutDuplicates(requested)) {
      if (isAnyone(acl)) {
        fixed.push(acl);
      } else if (acl.scheme === 'auth') {
        const own = ids.filter((id) => this.#providers.get(id.scheme)?.isAuthenticated === true);
        if (own.length === 0) return undefined;
        for (const id of own) fixed.push({ perms: acl.perms, scheme: id.scheme, id: id.id });
      } else {
        if (this.#providers.get(acl.scheme)?.isValid(acl.id) !== true) return undefined;
        fixed.push(acl);
      }
    }
    return fixed;
  }

  /** Judges an auth packet. Adding the ids to the connection is up to the caller; see {@link withIds}. */
  authenticate(scheme: string, bytes: Uint8Array | null, facts: AuthFacts): AuthOutcome {
    const provider = this.#providers.get(scheme);
    return provider?.authenticate(bytes, facts) ?? { kind: 'unknown-scheme' };
  }

  /**
   * Whether a connection with `ids` may send requests other than auth and sasl. If not, the answer is
   * SessionClosedRequireSaslAuth and the connection is closed; that holds for pings, too.
   */
  isAdmitted(ids: readonly AuthId[]): boolean {
    const enforced = this.#enforcedSchemes;
    return enforced.length === 0 || ids.some((id) => enforced.includes(id.scheme));
  }

  /** Whether a connection must authenticate by sasl: then a failed exchange is final. */
  get isSaslEnforced(): boolean {
    return this.#enforcedSchemes.includes('sasl');
  }

  /** The list as somebody sees it who may not ADMIN the znode: hashes of digests are hidden. */
  mask(acls: readonly Acl[]): readonly Acl[] {
    if (!acls.some((acl) => acl.scheme === 'digest')) return acls;
    return acls.map((acl) => {
      if (acl.scheme !== 'digest') return acl;
      return { perms: acl.perms, scheme: acl.scheme, id: maskDigest(acl.id) };
    });
  }

  /** Who a connection is, as it may be told and logged: no password, no hash. */
  clientInfos(ids: readonly AuthId[]): ClientInfo[] {
    return ids.map(({ scheme, id }) => {
      return { authScheme: scheme, user: this.#providers.get(scheme)?.userName(id) ?? '' };
    });
  }

  /**
   * The names of a connection for the audit log, separated by commas; undefined when it has none.
   * Source: AuthUtil.getUsers.
   */
  userNames(ids: readonly AuthId[]): string | undefined {
    const names = this.clientInfos(ids).map((info) => info.user);
    const known = names.filter((name) => name.trim() !== '');
    return known.length === 0 ? undefined : known.join(',');
  }

  #isNamed(acl: Acl, ids: readonly AuthId[]): boolean {
    const provider = this.#providers.get(acl.scheme);
    if (provider === undefined) return false;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (id.scheme === acl.scheme && provider.matches(id.id, acl.id)) return true;
    }
    return false;
  }
}

/** `ids` and what was proved on top, each once. The same list when nothing is new. */
export function withIds(ids: readonly AuthId[], proved: readonly AuthId[]): readonly AuthId[] {
  const fresh = proved.filter((id) => !ids.some((known) => isSameAuthId(known, id)));
  return fresh.length === 0 ? ids : [...ids, ...fresh];
}

function isSuper(ids: readonly AuthId[]): boolean {
  for (let i = 0; i < ids.length; i++) if (ids[i]!.scheme === 'super') return true;
  return false;
}

function isAnyone(acl: Acl): boolean {
  return acl.scheme === 'world' && acl.id === 'anyone';
}

/** In time linear in the list: a frame has room for tens of thousands of entries. */
function withoutDuplicates(acls: readonly Acl[]): readonly Acl[] {
  if (acls.length === 1) return acls;
  const unique = new Map<string, Acl>();
  for (const acl of acls) {
    // The scheme's length keeps apart what only joined looks the same.
    const key = `${acl.perms} ${acl.scheme.length} ${acl.scheme}${acl.id}`;
    if (!unique.has(key)) unique.set(key, acl);
  }
  return [...unique.values()];
}

/** What follows the first colon is the hash, or was meant to be one. */
function maskDigest(id: string): string {
  const colon = id.indexOf(':');
  return colon < 0 ? id : `${id.slice(0, colon)}:x`;
}
