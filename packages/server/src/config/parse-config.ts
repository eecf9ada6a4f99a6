// zoo.cfg and system properties in, a configuration or every reason against it out. Does no I/O itself.
//
// The order is Apache's: zoo.cfg is read, a key that QuorumPeerConfig does not parse becomes the system property
// `zookeeper.<key>`, over one that was given as an argument; then the properties are read.

import { resolve } from 'node:path';
import {
  buildConfig,
  createDraft,
  sessionTimeoutMsMax,
  sessionTimeoutMsMin,
} from './build-config.ts';
import type { ConfigKey, Draft } from './config-key.ts';
import { findFileKey, findPropertyKey, isSecretName, propertiesOf } from './config-keys.ts';
import type { ConfigPlace, ConfigProblem, ConfigWarning } from './config-report.ts';
import { type PropertyEntry, parseProperties } from './properties-file.ts';
import type { ListenAddress, ServerConfig } from './server-config.ts';
import { readServerLine, type ServerLine, serverLineRemedy } from './server-lines.ts';
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

const MASK = '***';
const NOWHERE: ConfigPlace = { file: undefined, line: undefined };

interface PlacedText extends ConfigPlace {
  readonly text: string;
}

class ConfigParser {
  readonly #input: ConfigInput;
  readonly #draft: Draft = createDraft();
  readonly #problems: ConfigProblem[] = [];
  readonly #warnings: ConfigWarning[] = [];
  readonly #properties = new Map<string, PlacedText>();
  /** Every key of zoo.cfg with its last value. */
  readonly #entries = new Map<string, PlacedText>();
  readonly #serverLines: {
    readonly key: string;
    readonly line: ServerLine;
    readonly at: PlacedText;
  }[] = [];
  readonly #ensembleNames: string[] = [];
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
    const ownClient = this.#readServers();
    this.#checkRelations(ownClient);
    if (this.#ensembleNames.length > 0) {
      const message = 'has a meaning only in an ensemble; this is a single server';
      this.#warnings.push({
        ...NOWHERE,
        key: this.#ensembleNames.join(', '),
        value: undefined,
        message,
      });
    }
    return this.#finish(ownClient);
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
      this.#problems.push({
        file,
        line: fault.line,
        key: fault.key,
        value: undefined,
        reason,
        remedy,
      });
    }
    for (const entry of entries) {
      const key = entry.key.trim();
      const earlier = this.#entries.get(key);
      const placed = { file, line: entry.line, text: entry.value.trim() };
      this.#entries.set(key, placed);
      if (earlier !== undefined)
        this.#warn(key, placed, `stands in line ${earlier.line}, too: the last counts`);
    }
    this.#originText = maskSecrets(text, entries);
    const isDynamic = this.#entries.has('dynamicConfigFile');
    for (const [key, at] of this.#entries) this.#readEntry(key, at, isDynamic);
  }

  #readEntry(key: string, at: PlacedText, isDynamic: boolean): void {
    if ([...at.text].some((char) => char > '~')) {
      this.#warn(
        key,
        at,
        'has characters outside of ASCII, which are read as ISO-8859-1, as Java does; \\uXXXX is safe',
      );
    }
    if (isDynamic && /^(server\.|group|weight)/.test(key)) {
      this.#refuse(key, at, 'stands beside dynamicConfigFile', 'Move it into that file.');
    } else if (key.startsWith('server.')) {
      this.#readServer(key, at);
    } else {
      const known = findFileKey(key);
      if (known?.form === 'file') {
        this.#obey(known, key, at);
        return;
      }
      this.#properties.set(`zookeeper.${key}`, at);
      if (known === undefined) this.#warn(key, at, unknownFileKey(key));
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
        this.#warn(`-D${name}`, at, unknownProperty(name));
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
        if (applied?.kind === 'problem') this.#refuse(name, at, applied.reason, applied.remedy);
        if (applied?.kind === 'warning') this.#warn(name, at, applied.message);
        return;
      }
      case 'ensemble': {
        const reading = key.reader(at.text);
        if (reading.kind === 'problem') this.#refuse(name, at, reading.reason, reading.remedy);
        else if (key.isQuiet !== true) this.#ensembleNames.push(name);
        return;
      }
      case 'accepted':
        this.#warn(name, at, `has no effect. ${key.instead}`);
        return;
      case 'refused':
        if (!key.isHarmless(at.text)) this.#refuse(name, at, key.reason, key.remedy);
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
      this.#refuse('dynamicConfigFile', at, 'cannot be read', 'Make the file, or remove the key.');
      return;
    }
    for (const entry of parseProperties(text).entries) {
      const key = entry.key.trim();
      const placed = { file, line: entry.line, text: entry.value.trim() };
      if (key.startsWith('server.')) this.#readServer(key, placed);
      else if (/^(group|weight)/.test(key)) this.#ensembleNames.push(key);
      else
        this.#refuse(
          key,
          placed,
          'must not stand in the dynamic file',
          'Move it to the main file, or remove it.',
        );
    }
  }

  #readServer(key: string, at: PlacedText): void {
    const line = readServerLine(key, at.text);
    if ('reason' in line) this.#refuse(key, at, line.reason, serverLineRemedy);
    else this.#serverLines.push({ key, line, at });
  }

  /** Checks that the lines describe a single server. Its client address is that of the line that `myid` names. */
  #readServers(): ListenAddress | undefined {
    const participants = this.#serverLines.filter(({ line }) => !line.isObserver);
    const last = this.#serverLines.at(-1);
    const remedy = 'Leave one server line, or none.';
    if (last !== undefined && participants.length > 1) {
      const reason = `is one of ${this.#serverLines.length} servers, and ensembles are not supported yet`;
      this.#refuse(last.key, last.at, reason, remedy);
    } else if (last !== undefined && participants.length < this.#serverLines.length) {
      this.#refuse(last.key, last.at, 'leaves an observer without an ensemble to observe', remedy);
    } else if (!this.#draft.isStandaloneAllowed) {
      const at = this.#entries.get('standaloneEnabled') ?? { ...NOWHERE, text: 'false' };
      const reason = 'asks for an ensemble of one server, and ensembles are not supported yet';
      this.#refuse('standaloneEnabled', at, reason, 'Remove the key, or set it to true.');
    }
    if (participants.length !== 1 || this.#draft.dataDir === undefined) return undefined;
    return this.#readOwnLine(participants[0]!, this.#resolve(this.#draft.dataDir));
  }

  #readOwnLine(
    server: { readonly key: string; readonly line: ServerLine; readonly at: PlacedText },
    dataDir: string,
  ): ListenAddress | undefined {
    const path = resolve(dataDir, 'myid');
    const myid = this.#input.readTextFile?.(path)?.split(/\r\n|\r|\n/)[0];
    if (myid === undefined) return undefined;
    if (!/^[+-]?\d{1,19}$/.test(myid)) {
      const remedy =
        'Write the number of the server, or remove the file: a single server needs none.';
      this.#problems.push({
        ...NOWHERE,
        key: path,
        value: undefined,
        reason: 'is not a number',
        remedy,
      });
      return undefined;
    }
    const { client } = server.line;
    if (BigInt(myid.replace(/^\+/, '')) !== server.line.id || client === undefined)
      return undefined;
    const { clientPort, clientHost } = this.#draft;
    if (
      clientPort !== undefined &&
      (clientPort !== client.port || (clientHost ?? client.host) !== client.host)
    ) {
      const reason = 'has another client address than clientPort and clientPortAddress';
      this.#refuse(
        server.key,
        server.at,
        reason,
        'Remove clientPort and clientPortAddress, or make them equal.',
      );
    }
    return client;
  }

  #checkRelations(ownClient: ListenAddress | undefined): void {
    const draft = this.#draft;
    if (draft.dataDir === undefined && !this.#hasProblem('dataDir')) {
      this.#miss('dataDir', 'is not set', 'Add dataDir=/path/of/a/directory.');
    }
    if (
      draft.clientPort === undefined &&
      ownClient === undefined &&
      !this.#hasProblem('clientPort')
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
      this.#refuse(key, at, reason, 'Raise maxSessionTimeout or lower minSessionTimeout.');
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
      this.#refuse('enforce.auth.enabled', at!, 'needs enforce.auth.schemes', remedy);
    }
    if (draft.isAuthEnforced && enforcedSchemes.includes('digest') && !isDigestSchemeOn) {
      const reason =
        'asks for the scheme digest, which DigestAuthenticationProvider.enabled=false takes away';
      this.#refuse('enforce.auth.schemes', schemes!, reason, 'Change one of the two.');
    }
    if (!draft.isAuthEnforced && schemes !== undefined) {
      this.#warn(
        'enforce.auth.schemes',
        schemes,
        'has no effect without enforce.auth.enabled=true',
      );
    }
    const names = this.#given('zookeeper.ensembleAuthName');
    if (draft.isEnsembleSchemeOn && names === undefined) {
      this.#miss(
        'ensembleAuthName',
        'is not set, and the authProvider of ensemble needs it',
        'Add the names.',
      );
    }
    if (!draft.isEnsembleSchemeOn && names !== undefined) {
      const provider =
        'authProvider.1=org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider';
      this.#warn('ensembleAuthName', names, `has no effect without ${provider}`);
    }
    const superAt = this.#given('zookeeper.DigestAuthenticationProvider.superDigest');
    if (superDigest !== undefined && superAt !== undefined && !isDigestSchemeOn) {
      const message =
        'has no effect: DigestAuthenticationProvider.enabled=false takes the scheme away';
      this.#warn('DigestAuthenticationProvider.superDigest', superAt, message);
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
      this.#warn(
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
      this.#refuse(
        key,
        this.#entries.get(key)!,
        `needs ${needed}`,
        `Add ${needed}=true, or remove the key.`,
      );
    }
  }

  #finish(ownClient: ListenAddress | undefined): ParsedConfig {
    const warnings = this.#warnings;
    const draft = this.#draft;
    const port = ownClient?.port ?? draft.clientPort;
    if (this.#problems.length > 0 || port === undefined || draft.dataDir === undefined) {
      return { ok: false, problems: inFileOrder(this.#problems), warnings: inFileOrder(warnings) };
    }
    if (ownClient !== undefined) draft.clientHost = ownClient.host;
    for (const key of ['dataDir', 'dataLogDir'] as const) {
      const at = this.#entries.get(key);
      if (at !== undefined && !/^[./\\]|^[A-Za-z]:/.test(at.text)) {
        this.#warn(key, at, `is relative: it is ${this.#resolve(at.text)}`);
      }
    }
    const dataDir = this.#resolve(draft.dataDir);
    const config = buildConfig(draft, {
      clientPort: port,
      dataDir,
      dataLogDir: draft.dataLogDir === undefined ? dataDir : this.#resolve(draft.dataLogDir),
      origin: {
        file: this.#input.file,
        text: this.#originText,
        properties: this.#shownProperties(),
      },
    });
    return { ok: true, config, warnings: inFileOrder(warnings) };
  }

  #shownProperties(): ReadonlyMap<string, string> {
    const names = [...this.#properties.keys()].sort();
    return new Map(names.map((name) => [name, shown(name, this.#properties.get(name)!.text)]));
  }

  #given(property: string): PlacedText | undefined {
    return this.#properties.get(property);
  }

  #hasProblem(key: string): boolean {
    return this.#problems.some((problem) => problem.key === key);
  }

  #miss(key: string, reason: string, remedy: string): void {
    const place = { file: this.#input.file, line: undefined };
    this.#problems.push({ ...place, key, value: undefined, reason, remedy });
  }

  #refuse(key: string, at: PlacedText, reason: string, remedy: string): void {
    const place = { file: at.file, line: at.line };
    this.#problems.push({ ...place, key, value: shown(key, at.text), reason, remedy });
  }

  #warn(key: string, at: PlacedText, message: string): void {
    const place = { file: at.file, line: at.line };
    this.#warnings.push({ ...place, key, value: shown(key, at.text), message });
  }

  #resolve(path: string): string {
    return this.#input.baseDir === undefined ? resolve(path) : resolve(this.#input.baseDir, path);
  }
}

/** By line; what has none comes last. */
function inFileOrder<T extends ConfigPlace>(remarks: readonly T[]): readonly T[] {
  const lineOf = (remark: T) => remark.line ?? Number.POSITIVE_INFINITY;
  return [...remarks].sort((left, right) =>
    lineOf(left) === lineOf(right) ? 0 : lineOf(left) - lineOf(right),
  );
}

function shown(key: string, text: string): string {
  return isSecretName(key.replace(/^-D/, '')) ? MASK : text;
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
