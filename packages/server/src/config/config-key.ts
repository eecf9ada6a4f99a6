// What one line of the table of keys says. The tables themselves are in `keys/`, one file for each section of
// the reference page; `config-keys.ts` joins them.

import type { ServerRole } from '@zooid/protocol';
import type { EnsembleConfig } from './ensemble-config.ts';
import type { ListenAddress, ServerConfig } from './server-config.ts';
import type { Reader } from './value-readers.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The options of a member, as far as they come from single keys. */
interface EnsembleDraft
  extends Writable<
    Pick<
      EnsembleConfig,
      'connectRetryDelayMs' | 'isListeningOnAllAddresses' | 'isEmptyDatabaseTrusted'
    >
  > {
  /** Undefined unless set; a member must have them. */
  initLimitTicks: number | undefined;
  syncLimitTicks: number | undefined;
  /** 0: not set. */
  connectLimitTicks: number;
  peerType: ServerRole;
  isMultiAddressOn: boolean;
  readonly election: Writable<Omit<EnsembleConfig['election'], 'greetingTimeoutMs'>> & {
    /** 0 or less: `syncLimit` ticks. */
    greetingTimeoutMs: number;
  };
  readonly leader: Writable<EnsembleConfig['leader']>;
}

/** The configuration while it is being put together. */
export interface Draft {
  /** Undefined until a key or the server's own line gives it. */
  clientPort: number | undefined;
  clientHost: string | undefined;
  /** -1: derived from the tick. */
  timeoutMsMin: number;
  timeoutMsMax: number;
  dataDir: string | undefined;
  dataLogDir: string | undefined;
  /** `enforce.auth.enabled`; the schemes are in `security`. */
  isAuthEnforced: boolean;
  /** An `authProvider.*` asked for the scheme `ensemble`. */
  isEnsembleSchemeOn: boolean;
  isReadOnlyModeOn: boolean;
  areLocalSessionsOn: boolean;
  areLocalSessionsUpgraded: boolean;
  isStandaloneAllowed: boolean;
  dynamicConfigFile: string | undefined;
  metricsProvider: 'default' | 'null' | 'prometheus';
  prometheusListen: Writable<ListenAddress>;
  adminListen: Writable<ListenAddress>;
  fourLetterWords: Set<string>;
  isAuditOn: boolean;
  readonly network: Writable<Omit<ServerConfig['network'], 'client'>>;
  readonly session: { tickTimeMs: number };
  readonly throttle: Writable<Omit<ServerConfig['throttle'], 'connection' | 'request'>>;
  readonly connectionThrottle: Writable<ServerConfig['throttle']['connection']>;
  readonly requestThrottle: Writable<ServerConfig['throttle']['request']>;
  readonly tree: Writable<ServerConfig['tree']>;
  readonly storage: Writable<Omit<ServerConfig['storage'], 'dataDir' | 'dataLogDir'>>;
  readonly security: Writable<ServerConfig['security']>;
  readonly admin: Writable<Omit<ServerConfig['admin'], 'listen'>>;
  readonly metrics: Writable<Omit<ServerConfig['metrics'], 'isOn' | 'prometheus'>>;
  readonly ensemble: EnsembleDraft;
}

/**
 * Where a key is read.
 * `file`: in zoo.cfg only. `both`: in zoo.cfg, or as the system property `zookeeper.<name>`; the file wins.
 * `property`: as the system property of exactly this name, never in zoo.cfg.
 */
export type KeyForm = 'file' | 'both' | 'property';

/** A section of the reference page. */
export type KeySection =
  | 'Basic'
  | 'Cluster'
  | 'Storage'
  | 'Sessions and connections'
  | 'Security and TLS'
  | 'SASL and Kerberos'
  | 'Quorum authentication'
  | 'Performance'
  | 'Administration'
  | 'Metrics'
  | 'Tests';

/** What every line has. */
interface KeyFacts {
  /** As it is written in zoo.cfg. `N` and `*` stand for the changing part of a family of keys. */
  readonly name: string;
  readonly form: KeyForm;
  /** Matches the names of a family; absent for a single key. */
  readonly pattern?: RegExp;
  /** Further system properties with the same meaning, with their full names, weakest last. */
  readonly aliases?: readonly string[];
  /** What the value means, its unit and what happens at the extremes. One sentence or two, for the reference. */
  readonly meaning: string;
  /** As it would be written in zoo.cfg; undefined: not set. */
  readonly default?: string;
  /** Where Apache's versions differ in the default. */
  readonly defaultNote?: string;
  /** True if the value must never be shown. */
  readonly isSecret?: true;
}

/** The server does what the key says. */
export interface HonouredKey extends KeyFacts {
  readonly fate: 'honoured';
  /** Reads the text and puts the value into the draft. */
  readonly apply: (draft: Draft, text: string) => Applied;
}

/** What `apply` says of a value: nothing, a warning, or why it cannot be. */
export type Applied =
  | undefined
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'problem'; readonly reason: string; readonly remedy: string };

/** A member of an ensemble does what the key says. A single server does nothing with it; nor does Apache's. */
export interface EnsembleKey extends KeyFacts {
  readonly fate: 'ensemble';
  readonly apply: (draft: Draft, text: string) => Applied;
  /** Present if a member cannot start with it yet. */
  readonly refusal?: Refusal;
  /** True for keys that stand in every zoo.cfg, Apache's sample included: no warning. */
  readonly isQuiet?: true;
}

/** Taken without effect, with one warning. */
export interface AcceptedKey extends KeyFacts {
  readonly fate: 'accepted';
  /** What stands in its place, or why its absence harms nobody. A whole sentence. */
  readonly instead: string;
}

/** The server does not start with it, for it would promise what it cannot keep. */
export interface RefusedKey extends KeyFacts, Refusal {
  readonly fate: 'refused';
}

/** Why a value cannot be obeyed. */
export interface Refusal {
  /** Values that ask for nothing, which are taken in silence. */
  readonly isHarmless: (text: string) => boolean;
  readonly reason: string;
  readonly remedy: string;
}

export type ConfigKey = HonouredKey | EnsembleKey | AcceptedKey | RefusedKey;

/** A key that is obeyed: `reader` reads its text, `put` puts the value into the draft. */
export function honoured<T>(
  facts: KeyFacts & { readonly reader: Reader<T>; readonly put: (draft: Draft, value: T) => void },
): HonouredKey {
  const { reader, put, ...rest } = facts;
  return { ...rest, fate: 'honoured', apply: applierOf(reader, put) };
}

/** A key that has a meaning only in an ensemble; without `put`, or with a `refusal`, its value is only checked. */
export function ensemble<T>(
  facts: Omit<EnsembleKey, 'fate' | 'apply'> & {
    readonly reader: Reader<T>;
    readonly put?: (draft: Draft, value: T) => void;
  },
): EnsembleKey {
  const { reader, put = () => {}, ...rest } = facts;
  return { ...rest, fate: 'ensemble', apply: applierOf(reader, put) };
}

function applierOf<T>(
  reader: Reader<T>,
  put: (draft: Draft, value: T) => void,
): (draft: Draft, text: string) => Applied {
  return (draft, text) => {
    const reading = reader(text);
    switch (reading.kind) {
      case 'problem':
        return reading;
      case 'default':
        return { kind: 'warning', message: reading.warning };
      case 'value':
        put(draft, reading.value);
        if (reading.warning === undefined) return undefined;
        return { kind: 'warning', message: reading.warning };
    }
  };
}

/** A key that is taken without effect. */
export function accepted(facts: Omit<AcceptedKey, 'fate'>): AcceptedKey {
  return { ...facts, fate: 'accepted' };
}

/** A key that stops the server, unless its value asks for nothing. */
export function refused(facts: Omit<RefusedKey, 'fate'>): RefusedKey {
  return { ...facts, fate: 'refused' };
}

/** For `isHarmless`: whatever does not say `true`, which is how Apache reads a system property. */
export function isNotTrue(text: string): boolean {
  return text.toLowerCase() !== 'true';
}
