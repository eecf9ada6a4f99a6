/**
 * The server's own log: pino, one JSON object a line, nothing interpolated into the message.
 *
 * Secrets: a value of the configuration's `Secret` type prints as `***` by itself; the names below are censored as well,
 * wherever a careless line puts them.
 */
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

/** From the loudest: `silent` logs nothing. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/** How much is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Names of fields whose value is never printed. */
const SECRET_NAMES = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'superDigest',
  'auth',
  'authorization',
  'credentials',
];

/** What a logger needs to know. */
export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go; the standard output unless given. */
  readonly destination?: DestinationStream;
}

/** Whether this text names a level. */
export function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text);
}

/** A logger of JSON lines: level as a word, time in ISO form, no process id and host name in each line. */
export function createLogger(options: LogOptions): Logger {
  const settings: LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // Most session ids and digests do not fit a double; hex is how every tool of ZooKeeper writes them.
    redact: {
      paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '***',
    },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
