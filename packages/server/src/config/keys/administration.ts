import { FOUR_LETTER_WORD_NAMES } from '../../admin/word-names.ts';
import { accepted, type ConfigKey, honoured, isNotTrue, refused } from '../config-key.ts';
import {
  guardBoolean,
  integer,
  mapped,
  oneOf,
  propertyBoolean,
  propertyInteger,
  type Reader,
  someText,
} from '../value-readers.ts';

const PORT = { min: 0, max: 65_535 };

/** Every four-letter word, without the one that telnet sends when it is closed. */
export const fourLetterWords: readonly string[] = FOUR_LETTER_WORD_NAMES;

/** A list ends at its first `*`, which stands for all words; words that nobody knows are kept as Apache keeps them. */
const whitelist: Reader<readonly string[]> = (text) => {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (words.includes('*')) return { kind: 'value', value: fourLetterWords };
  const unknown = words.filter((word) => !fourLetterWords.includes(word));
  if (unknown.length === 0) return { kind: 'value', value: words };
  return {
    kind: 'value',
    value: words.filter((word) => fourLetterWords.includes(word)),
    warning: `names words that do not exist: ${unknown.join(', ')}; the words are ${fourLetterWords.join(', ')}`,
  };
};

const commandPath: Reader<string> = (text) => {
  const trimmed = text.replace(/\/+$/, '');
  if (/^\/[\w./-]+$/.test(trimmed)) return { kind: 'value', value: trimmed };
  return {
    kind: 'problem',
    reason: 'is not the path of a URL',
    remedy: 'Write a path such as /commands.',
  };
};

const metricsProviders = new Map<string, 'default' | 'null' | 'prometheus'>([
  ['org.apache.zookeeper.metrics.impl.DefaultMetricsProvider', 'default'],
  ['org.apache.zookeeper.metrics.impl.NullMetricsProvider', 'null'],
  ['org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider', 'prometheus'],
]);

const metricsProvider: Reader<'default' | 'null' | 'prometheus'> = oneOf(
  metricsProviders,
  'problem',
);

const summaryWindow: Reader<number> = mapped(
  integer({ min: 1, max: 2_000_000 }),
  (seconds) => seconds * 1000,
);

const NO_THREADS =
  'Metrics are counted where they happen, without a queue or threads of their own.';
const NO_HTTPS =
  'HTTPS is not supported yet, so it is never read; metricsProvider.httpsPort is refused.';

export const administrationKeys: readonly ConfigKey[] = [
  honoured({
    name: 'admin.enableServer',
    form: 'both',
    default: 'true',
    defaultNote: '3.10: false',
    meaning: 'The HTTP server for administration.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.admin.isOn = isOn;
    },
  }),
  honoured({
    name: 'admin.serverAddress',
    form: 'both',
    default: '0.0.0.0',
    meaning: 'Name or address to bind it to.',
    reader: someText,
    put: (draft, host) => {
      draft.adminListen.host = host;
    },
  }),
  honoured({
    name: 'admin.serverPort',
    form: 'both',
    default: '8080',
    meaning: 'Its port. 0 lets the system choose.',
    reader: propertyInteger(PORT),
    put: (draft, port) => {
      draft.adminListen.port = port;
    },
  }),
  honoured({
    name: 'admin.commandURL',
    form: 'both',
    default: '/commands',
    meaning: 'Path before the name of a command.',
    reader: commandPath,
    put: (draft, path) => {
      draft.admin.commandPath = path;
    },
  }),
  honoured({
    name: 'admin.idleTimeout',
    form: 'both',
    default: '30000',
    meaning: 'Milliseconds after which a silent connection is closed. At least 1.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, timeoutMs) => {
      draft.admin.idleTimeoutMs = timeoutMs;
    },
  }),
  accepted({
    name: 'admin.httpVersion',
    form: 'both',
    default: '11',
    meaning: 'Version of HTTP, as a number of two digits.',
    instead: 'The admin server speaks HTTP/1.1, which every client of HTTP can.',
  }),
  refused({
    name: 'admin.portUnification',
    form: 'both',
    default: 'false',
    meaning: 'The admin port takes HTTP and HTTPS.',
    isHarmless: isNotTrue,
    reason: 'asks for HTTPS, which is not supported yet',
    remedy: 'Remove the key, and put a proxy in front of the admin port if it needs HTTPS.',
  }),
  refused({
    name: 'admin.forceHttps',
    form: 'both',
    default: 'false',
    meaning: 'The admin port takes HTTPS only.',
    isHarmless: isNotTrue,
    reason: 'asks for HTTPS, which is not supported yet; going on would serve plain HTTP',
    remedy: 'Set admin.serverAddress=127.0.0.1 with a proxy in front, or admin.enableServer=false.',
  }),
  refused({
    name: 'admin.needClientAuth',
    form: 'both',
    default: 'false',
    meaning: 'The admin port asks for a certificate of the client.',
    isHarmless: isNotTrue,
    reason:
      'asks for HTTPS, which is not supported yet; going on would ask nobody for a certificate',
    remedy: 'Set admin.serverAddress=127.0.0.1 with a proxy in front, or admin.enableServer=false.',
  }),
  honoured({
    name: 'admin.snapshot.enabled',
    form: 'both',
    default: 'true',
    meaning: 'The command that takes a snapshot.',
    reader: guardBoolean,
    put: (draft, isOn) => {
      draft.admin.isSnapshotOn = isOn;
    },
  }),
  honoured({
    name: 'admin.restore.enabled',
    form: 'both',
    default: 'true',
    meaning: 'The command that replaces everything by a snapshot.',
    reader: guardBoolean,
    put: (draft, isOn) => {
      draft.admin.isRestoreOn = isOn;
    },
  }),
  honoured({
    name: 'admin.rateLimiterIntervalInMS',
    form: 'both',
    default: '300000',
    meaning: 'Milliseconds in which one snapshot and one restore are allowed.',
    reader: integer({ min: 0 }),
    put: (draft, intervalMs) => {
      draft.admin.rateLimitIntervalMs = intervalMs;
    },
  }),
  honoured({
    name: '4lw.commands.whitelist',
    form: 'both',
    default: 'srvr',
    meaning:
      'Comma list of the four-letter words that are answered, or `*` for all. srvr always is.',
    reader: whitelist,
    put: (draft, words) => {
      draft.fourLetterWords = new Set(words);
    },
  }),
  honoured({
    name: 'audit.enable',
    form: 'both',
    default: 'false',
    meaning: 'Writes a line for every change and who made it.',
    reader: guardBoolean,
    put: (draft, isOn) => {
      draft.isAuditOn = isOn;
    },
  }),
  refused({
    name: 'audit.impl.class',
    form: 'both',
    default: 'org.apache.zookeeper.audit.Slf4jAuditLogger',
    meaning: 'Java class that writes the audit log. The built-in one is taken in silence.',
    isHarmless: (text) => text === 'org.apache.zookeeper.audit.Slf4jAuditLogger',
    reason:
      'names a Java class, which cannot run here, so nothing would be written where it is looked for',
    remedy: "Remove the key; audit lines are in the server's own log.",
  }),
  accepted({
    name: 'jmx.log4j.disable',
    form: 'both',
    default: 'false',
    meaning: 'Keeps the logger out of JMX.',
    instead: 'There is no JMX here.',
  }),
  accepted({
    name: 'jmx.log4j.mbean',
    form: 'both',
    meaning: 'Name of the logger in JMX.',
    instead: 'There is no JMX here.',
  }),
  accepted({
    name: 'controllerPort',
    form: 'both',
    meaning: 'Port of a controller for tests.',
    instead: 'No Apache server reads it outside of its own tests.',
  }),
];

export const metricsKeys: readonly ConfigKey[] = [
  honoured({
    name: 'metricsProvider.className',
    form: 'file',
    default: 'org.apache.zookeeper.metrics.impl.DefaultMetricsProvider',
    meaning:
      'DefaultMetricsProvider: metrics in `mntr` and on the admin server. PrometheusMetricsProvider: on a port of its own, too. NullMetricsProvider: none. With their packages, as Apache names them; any other class is refused.',
    reader: metricsProvider,
    put: (draft, provider) => {
      draft.metricsProvider = provider;
    },
  }),
  honoured({
    name: 'metricsProvider.httpHost',
    form: 'file',
    default: '0.0.0.0',
    meaning: 'Address of the Prometheus endpoint `/metrics`.',
    reader: someText,
    put: (draft, host) => {
      draft.prometheusListen.host = host;
    },
  }),
  honoured({
    name: 'metricsProvider.httpPort',
    form: 'file',
    default: '7000',
    defaultNote: '3.10: none',
    meaning: 'Its port. 0 lets the system choose.',
    reader: integer(PORT),
    put: (draft, port) => {
      draft.prometheusListen.port = port;
    },
  }),
  refused({
    name: 'metricsProvider.httpsPort',
    form: 'file',
    meaning: 'Port of the same endpoint with HTTPS.',
    isHarmless: (text) => text === '-1',
    reason: 'asks for HTTPS, which is not supported yet',
    remedy: 'Use metricsProvider.httpPort, bound to an address that only the collector reaches.',
  }),
  honoured({
    name: 'metricsProvider.exportJvmInfo',
    form: 'file',
    default: 'true',
    meaning: 'Exports the numbers of the process. Here: of Node instead of the Java machine.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.metrics.isProcessInfoExported = isOn;
    },
  }),
  honoured({
    name: 'metricsProvider.prometheusMetricsSummaryRotateIntervalSeconds',
    form: 'file',
    default: '60',
    meaning: 'Seconds that the quantiles of a metric look back. At least 1.',
    reader: summaryWindow,
    put: (draft, windowMs) => {
      draft.metrics.summaryWindowMs = windowMs;
    },
  }),
  accepted({
    name: 'metricsProvider.ssl.*',
    form: 'file',
    pattern: /^metricsProvider\.ssl\./,
    isSecret: true,
    meaning: 'Key stores for HTTPS.',
    instead: NO_HTTPS,
  }),
  ...['numWorkerThreads', 'maxQueueSize', 'workerShutdownTimeoutMs'].map((name) =>
    accepted({
      name: `metricsProvider.${name}`,
      form: 'file',
      meaning: 'Threads and queue for counting, up to 3.9.',
      instead: NO_THREADS,
    }),
  ),
  accepted({
    name: 'metricsProvider.*',
    form: 'file',
    pattern: /^metricsProvider\./,
    meaning: 'Any other setting of a provider.',
    instead: 'No provider of ours reads it.',
  }),
];

export const testKeys: readonly ConfigKey[] = [
  accepted({
    name: 'test.allowDiscontinuousProposals',
    form: 'both',
    default: 'false',
    meaning: "Switches a check off, for Apache's own tests.",
    instead: 'The check stays on.',
  }),
  accepted({
    name: 'testingonly.initialZxid',
    form: 'both',
    meaning: "First zxid of a new ensemble, for Apache's own tests.",
    instead: 'A new data directory begins at zxid 0.',
  }),
];
