// zoo.cfg and system properties in, a configuration or every reason against it out. Does no I/O itself.
//
// The order is Apache's: zoo.cfg is read, a key that QuorumPeerConfig does not parse becomes the system property
// `zookeeper.<key>`, over one that was given as an argument; then the properties are read.

import { resolve } from 'node:path';
import {
  buildConfig,
  createDraft,
  type EnsembleSurroundings,
  sessionTimeoutMsMax,
  sessionTimeoutMsMin,
} from './build-config.ts';
import type { Applied, ConfigKey, Draft, EnsembleKey } from './config-key.ts';
import { findFileKey, findPropertyKey, isSecretName, propertiesOf } from './config-keys.ts';
import type { ConfigProblem, ConfigWarning } from './config-report.ts';
import { type PropertyEntry, parseProperties } from './properties-file.ts';
import { readEnsemble } from './read-ensemble.ts';
import { MASK, NOWHERE, type PlacedText, Remarks, shown } from './remarks.ts';
import type { ListenAddress, ServerConfig } from './server-config.ts';
import { unknownFileKey, unknownProperty } from './unknown-key.ts';

/** `<clientPort> <dataDir> [tickTime] [maxClientCnxns]`, as Apache's server takes them instead of a file. */
export interface StandaloneArguments {
  readonly clientPort: string;
  readonly dataDir: string;
  readonly tickTime?: string | undefined;
  /** Without it there is no limit, other than with a file. */
  readonly maxClientCnxns?: string | undefined;
}

/** Everything that a configuration is made of. */
export interface ConfigInput {
  /** Name of the file, for messages. */
  readonly file?: string | undefined;
  /** Its text, each character one byte of it: Java reads the file as ISO-8859-1. */
  readonly text?: string | undefined;
  readonly arguments?: StandaloneArguments | undefined;
  /** System properties with their full names, as after `-D`; of doublets the last counts. */
  readonly properties?: Iterable<readonly [name: string, value: string]> | undefined;
  /** Where relative paths start; the working directory unless given. */
  readonly baseDir?: string | undefined;
  /** Reads `dynamicConfigFile` and `myid`; undefined for a file that is not there. */
  readonly readTextFile?: ((path: string) => string | undefined) | undefined;
}

/** A configuration, or all the reasons why there is none. */
export type ParsedConfig =
  | {
      readonly ok: true;
      readonly config: ServerConfig;
      readonly warnings: readonly ConfigWarning[];
    }
  | {
      readonly ok: false;
      readonly problems: readonly ConfigProblem[];
      readonly warnings: readonly ConfigWarning[];
    };

/** Reads a configuration. Never throws for what stands in it: every problem is reported, all at once. */
export function parseServerConfig(input: ConfigInput): ParsedConfig {
  return new ConfigParser(input).parse();
}

/** Keys of the lines about servers. */
const SERVER_LINE = /^(server\.|group|weight)/;

/** A key that has a meaning only in an ensemble, and what its value was found to be. */
interface EnsembleKeyFound {
  readonly key: EnsembleKey;
  readonly name: string;
  readonly at: PlacedText;
  readonly applied: Applied;
}

class ConfigParser {
  readonly #input: ConfigInput;
  readonly #draft: Draft = createDraft();
  readonly #remarks = new Remarks();
  readonly #properties = new Map<string, PlacedText>();
  /** Every key of zoo.cfg with its last value. */
  readonly #entries = new Map<string, PlacedText>();
  /** The lines about servers, from zoo.cfg or the dynamic file. */
  readonly #serverLines = new Map<string, PlacedText>();
  readonly #ensembleKeys: EnsembleKeyFound[] = [];
  #originText = '';

  constructor(input: ConfigInput) {
    this.#input = input;
  }

  parse(): ParsedConfig {
    for (const [name, text] of this.#input.properties ?? []) {
      this.#properties.set(name, { ...NOWHERE, text });
    }
    if (this.#input.arguments !== undefined) this.#readArguments(this.#input.arguments);
    this.#readFile(this.#input.file, this.#input.text ?? '');
    this.#readProperties();
    this.#readDynamicFile();
    const { ensemble, client } = readEnsemble(
      {
        lines: this.#serverLines,
        draft: this.#draft,
        entries: this.#entries,
        file: this.#input.file,
        resolvePath: (path) => this.#resolve(path),
        readTextFile: (path) => this.#input.readTextFile?.(path),
      },
      this.#remarks,
    );
    this.#checkRelations(client);
    if (ensemble === undefined) this.#remarkOnStandalone();
    else this.#remarkOnMember();
    return this.#finish(ensemble, client);
  }

  /** What a member could not keep stops it; a single server does nothing with all of these keys. */
  #remarkOnMember(): void {
    for (const { key, name, at, applied } of this.#ensembleKeys) {
      if (applied?.kind === 'warning') this.#remarks.warn(name, at, applied.message);
      const { refusal } = key;
      if (refusal !== undefined && !refusal.isHarmless(at.text))
        this.#remarks.refuse(name, at, refusal.reason, refusal.remedy);
    }
  }

  #remarkOnStandalone(): void {
    const names = this.#ensembleKeys
      .filter(({ key }) => key.isQuiet !== true)
      .map(({ name }) => name);
    const lines = [...this.#serverLines.keys()].filter((key) => !key.startsWith('server.'));
    const keys = [...names, ...lines];
    if (keys.length === 0) return;
    this.#remarks.warnOfKeys(keys, 'has a meaning only in an ensemble; this is a single server');
  }

  #readArguments(args: StandaloneArguments): void {
    // Source: ServerConfig.parse(String[]), where maxClientCnxns stays 0 unless it is given.
    const values: [string, string][] = [
      ['clientPort', args.clientPort],
      ['dataDir', args.dataDir],
      ['maxClientCnxns', args.maxClientCnxns ?? '0'],
    ];
    if (args.tickTime !== undefined) values.push(['tickTime', args.tickTime]);
    for (const [name, text] of values) this.#obey(findFileKey(name)!, name, { ...NOWHERE, text });
  }

  #readFile(file: string | undefined, text: string): void {
    const { entries, faults } = parseProperties(text);
    for (const fault of faults) {
      const reason = 'has a \\u that is not followed by four hexadecimal digits';
      const remedy = 'Write a backslash as two.';
      this.#remarks.miss(fault.key, { file, line: fault.line }, reason, remedy);
    }
    for (const entry of entries) {
      const key = entry.key.trim();
      const earlier = this.#entries.get(key);
      const placed = { file, line: entry.line, text: entry.value.trim() };
      this.#entries.set(key, placed);
      if (earlier !== undefined)
        this.#remarks.warn(key, placed, `stands in line ${earlier.line}, too: the last counts`);
    }
    this.#originText = maskSecrets(text, entries);
    const isDynamic = this.#entries.has('dynamicConfigFile');
    for (const [key, at] of this.#entries) this.#readEntry(key, at, isDynamic);
  }

  #readEntry(key: string, at: PlacedText, isDynamic: boolean): void {
    if ([...at.text].some((char) => char > '~')) {
      this.#remarks.warn(
        key,
        at,
        'has characters outside of ASCII, which are read as ISO-8859-1, as Java does; \\uXXXX is safe',
      );
    }
    if (isDynamic && SERVER_LINE.test(key)) {
      this.#remarks.refuse(key, at, 'stands beside dynamicConfigFile', 'Move it into that file.');
    } else if (SERVER_LINE.test(key)) {
      this.#serverLines.set(key, at);
    } else {
      const known = findFileKey(key);
      if (known?.form === 'file') {
        this.#obey(known, key, at);
        return;
      }
      this.#properties.set(`zookeeper.${key}`, at);
      if (known === undefined) this.#remarks.warn(key, at, unknownFileKey(key));
    }
  }

  #readProperties(): void {
    const found: {
      readonly name: string;
      readonly key: ConfigKey;
      readonly at: PlacedText;
      readonly rank: number;
    }[] = [];
    for (const [name, at] of this.#properties) {
      const key = findPropertyKey(name);
      if (key !== undefined) {
        found.push({ name, key, at, rank: propertiesOf(key).indexOf(name) });
      } else if (at.file === undefined && at.line === undefined) {
        this.#remarks.warn(`-D${name}`, at, unknownProperty(name));
      }
    }
    // Of several names for one key the strongest is read last, so that it stays.
    found.sort((left, right) => right.rank - left.rank);
    for (const { name, key, at } of found) {
      this.#obey(key, at.line === undefined ? `-D${name}` : name.slice('zookeeper.'.length), at);
    }
  }

  #obey(key: ConfigKey, name: string, at: PlacedText): void {
    switch (key.fate) {
      case 'honoured': {
        const applied = key.apply(this.#draft, at.text);
        if (applied?.kind === 'problem')
          this.#remarks.refuse(name, at, applied.reason, applied.remedy);
        if (applied?.kind === 'warning') this.#remarks.warn(name, at, applied.message);
        return;
      }
      case 'ensemble': {
        const applied = key.apply(this.#draft, at.text);
        if (applied?.kind === 'problem')
          this.#remarks.refuse(name, at, applied.reason, applied.remedy);
        else this.#ensembleKeys.push({ key, name, at, applied });
        return;
      }
      case 'accepted':
        this.#remarks.warn(name, at, `has no effect. ${key.instead}`);
        return;
      case 'refused':
        if (!key.isHarmless(at.text)) this.#remarks.refuse(name, at, key.reason, key.remedy);
        return;
    }
  }

  /** Source: QuorumPeerConfig.parse: only lines about servers may stand there, and no version. */
  #readDynamicFile(): void {
    const file = this.#draft.dynamicConfigFile;
    if (file === undefined) return;
    const at = this.#entries.get('dynamicConfigFile') ?? { ...NOWHERE, text: file };
    const text = this.#input.readTextFile?.(this.#resolve(file));
    if (text === undefined) {
      this.#remarks.refuse(
        'dynamicConfigFile',
        at,
        'cannot be read',
        'Make the file, or remove the key.',
      );
      return;
    }
    for (const entry of parseProperties(text).entries) {
      const key = entry.key.trim();
      const placed = { file, line: entry.line, text: entry.value.trim() };
      if (SERVER_LINE.test(key)) this.#serverLines.set(key, placed);
      else
        this.#remarks.refuse(
          key,
          placed,
          'must not stand in the dynamic file',
          'Move it to the main file, or remove it.',
        );
    }
  }

  #checkRelations(ownClient: ListenAddress | undefined): void {
    const draft = this.#draft;
    if (draft.dataDir === undefined && !this.#remarks.hasProblem('dataDir')) {
      this.#miss('dataDir', 'is not set', 'Add dataDir=/path/of/a/directory.');
    }
    if (
      draft.clientPort === undefined &&
      ownClient === undefined &&
      !this.#remarks.hasProblem('clientPort')
    ) {
      const isSecureOnly = this.#entries.has('secureClientPort');
      if (!isSecureOnly) this.#miss('clientPort', 'is not set', 'Add clientPort=2181.');
    }
    const timeoutMsMin = sessionTimeoutMsMin(draft);
    const timeoutMsMax = sessionTimeoutMsMax(draft);
    if (timeoutMsMin > timeoutMsMax) {
      const key = draft.timeoutMsMin === -1 ? 'maxSessionTimeout' : 'minSessionTimeout';
      const at = this.#entries.get(key) ?? {
        ...NOWHERE,
        text: String(draft[key === 'minSessionTimeout' ? 'timeoutMsMin' : 'timeoutMsMax']),
      };
      const reason = `makes the shortest session timeout, ${timeoutMsMin} ms, longer than the longest, ${timeoutMsMax} ms`;
      this.#remarks.refuse(key, at, reason, 'Raise maxSessionTimeout or lower minSessionTimeout.');
    }
    this.#checkSecurity(draft);
    this.#checkWeights(draft);
    this.#checkQuorumAuth();
  }

  #checkSecurity(draft: Draft): void {
    const { enforcedSchemes, isDigestSchemeOn, superDigest } = draft.security;
    const schemes = this.#given('zookeeper.enforce.auth.schemes');
    if (draft.isAuthEnforced && enforcedSchemes.length === 0 && schemes === undefined) {
      const at = this.#given('zookeeper.enforce.auth.enabled');
      const remedy = 'Add enforce.auth.schemes=digest.';
      this.#remarks.refuse('enforce.auth.enabled', at!, 'needs enforce.auth.schemes', remedy);
    }
    if (draft.isAuthEnforced && enforcedSchemes.includes('digest') && !isDigestSchemeOn) {
      const reason =
        'asks for the scheme digest, which DigestAuthenticationProvider.enabled=false takes away';
      this.#remarks.refuse('enforce.auth.schemes', schemes!, reason, 'Change one of the two.');
    }
    if (!draft.isAuthEnforced && schemes !== undefined) {
      this.#remarks.warn(
        'enforce.auth.schemes',
        schemes,
        'has no effect without enforce.auth.enabled=true',
      );
    }
    const names = this.#given('zookeeper.ensembleAuthName');
    if (draft.isEnsembleSchemeOn && names === undefined) {
      const reason = 'is not set: clients that use the scheme ensemble may name any';
      this.#remarks.warnOfKeys(['ensembleAuthName'], reason);
    }
    if (!draft.isEnsembleSchemeOn && names !== undefined) {
      const provider =
        'authProvider.1=org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider';
      this.#remarks.warn('ensembleAuthName', names, `has no effect without ${provider}`);
    }
    const superAt = this.#given('zookeeper.DigestAuthenticationProvider.superDigest');
    if (superDigest !== undefined && superAt !== undefined && !isDigestSchemeOn) {
      const message =
        'has no effect: DigestAuthenticationProvider.enabled=false takes the scheme away';
      this.#remarks.warn('DigestAuthenticationProvider.superDigest', superAt, message);
    }
  }

  /** Source: BlueThrottle: new and renewed sessions weigh at least as much as local ones. */
  #checkWeights(draft: Draft): void {
    const throttle = draft.connectionThrottle;
    for (const [field, name] of [
      ['globalSessionWeight', 'connection_throttle_global_session_weight'],
      ['renewSessionWeight', 'connection_throttle_renew_session_weight'],
    ] as const) {
      if (throttle[field] >= throttle.localSessionWeight) continue;
      const at = this.#given(`zookeeper.${name}`) ?? { ...NOWHERE, text: String(throttle[field]) };
      this.#remarks.warn(
        name,
        at,
        `is less than the weight of a local session: ${throttle.localSessionWeight} is used`,
      );
      throttle[field] = throttle.localSessionWeight;
    }
  }

  /** Source: QuorumPeerConfig.parseProperties. */
  #checkQuorumAuth(): void {
    const isOn = (key: string) => this.#entries.get(key)?.text.toLowerCase() === 'true';
    const needs = [
      ['quorum.auth.serverRequireSasl', 'quorum.auth.enableSasl'],
      ['quorum.auth.learnerRequireSasl', 'quorum.auth.enableSasl'],
      ['quorum.auth.serverRequireSasl', 'quorum.auth.learnerRequireSasl'],
    ] as const;
    for (const [key, needed] of needs) {
      if (!isOn(key) || isOn(needed)) continue;
      this.#remarks.refuse(
        key,
        this.#entries.get(key)!,
        `needs ${needed}`,
        `Add ${needed}=true, or remove the key.`,
      );
    }
  }

  #finish(
    ensemble: EnsembleSurroundings | undefined,
    ownClient: ListenAddress | undefined,
  ): ParsedConfig {
    const draft = this.#draft;
    const port = ownClient?.port ?? draft.clientPort;
    const { problems } = this.#remarks;
    if (problems.length > 0 || port === undefined || draft.dataDir === undefined)
      return { ok: false, problems, warnings: this.#remarks.warnings };
    if (ownClient !== undefined) draft.clientHost = ownClient.host;
    for (const key of ['dataDir', 'dataLogDir'] as const) {
      const at = this.#entries.get(key);
      if (at !== undefined && !/^[./\\]|^[A-Za-z]:/.test(at.text)) {
        this.#remarks.warn(key, at, `is relative: it is ${this.#resolve(at.text)}`);
      }
    }
    const dataDir = this.#resolve(draft.dataDir);
    const config = buildConfig(draft, {
      clientPort: port,
      dataDir,
      dataLogDir: draft.dataLogDir === undefined ? dataDir : this.#resolve(draft.dataLogDir),
      ensemble,
      origin: {
        file: this.#input.file,
        text: this.#originText,
        properties: this.#shownProperties(),
      },
    });
    return { ok: true, config, warnings: this.#remarks.warnings };
  }

  #shownProperties(): ReadonlyMap<string, string> {
    const names = [...this.#properties.keys()].sort();
    return new Map(names.map((name) => [name, shown(name, this.#properties.get(name)!.text)]));
  }

  #given(property: string): PlacedText | undefined {
    return this.#properties.get(property);
  }

  #miss(key: string, reason: string, remedy: string): void {
    this.#remarks.miss(key, { file: this.#input.file, line: undefined }, reason, remedy);
  }

  #resolve(path: string): string {
    return this.#input.baseDir === undefined ? resolve(path) : resolve(this.#input.baseDir, path);
  }
}

/**
 * The text of the file with the whole entry of each secret replaced, its continued lines included, and those that
 * are commented out.
 */
function maskSecrets(text: string, entries: readonly PropertyEntry[]): string {
  const lines = text.split(/\r\n|\r|\n/);
  for (const entry of entries) {
    const key = entry.key.trim();
    if (!isSecretName(key)) continue;
    lines.fill('', entry.line - 1, entry.lastLine);
    lines[entry.line - 1] = `${key}=${MASK}`;
  }
  for (const [index, line] of lines.entries()) {
    const commented = /^\s*[#!]+\s*([^\s=:]+)\s*[=:\s]/.exec(line)?.[1];
    if (commented !== undefined && isSecretName(commented)) lines[index] = `#${commented}=${MASK}`;
  }
  return lines.join('\n');
}
