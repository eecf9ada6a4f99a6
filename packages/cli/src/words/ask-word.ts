import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CommandError } from '../exit.ts';
import { tlsProblem, type WordTls } from './word-tls.ts';

/** Where a server takes clients. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** How a word is asked, and what bounds the question. */
export interface WordOptions {
  /** From the beginning to the whole answer. */
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  /** Given: the connection is TLS. */
  readonly tls?: WordTls | undefined;
}

/** `host:port`, an IPv6 address in brackets. */
export function describeHost({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Sends a four-letter word and answers with all that comes back until the server closes the connection. What a bound cuts
 * off is an error, never half an answer.
 *
 * @throws CommandError naming the server and what is wrong.
 */
export function askWord(server: HostPort, word: string, options: WordOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const socket = open(server, options.tls);
    const fail = (problem: string, remedy: string, cause?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new CommandError(`${describeHost(server)} ${problem}`, { remedy, cause }));
    };
    const timer = setTimeout(() => {
      fail(
        `did not answer ${word} within ${options.timeoutMs} ms`,
        'It may be overloaded or something else than a ZooKeeper server; --timeout allows more time.',
      );
    }, options.timeoutMs);
    socket.on(options.tls === undefined ? 'connect' : 'secureConnect', () => socket.write(word));
    socket.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > options.answerBytesMax)
        fail(
          `answers ${word} with more than ${options.answerBytesMax} bytes`,
          'That is no ZooKeeper server.',
        );
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A server may reset the connection behind its answer.
      if (error.code === 'ECONNRESET' && length > 0) return;
      const ofTls = options.tls === undefined ? undefined : tlsProblem(error);
      if (ofTls !== undefined) fail(ofTls.problem, ofTls.remedy, error);
      else
        fail(problems.get(error.code ?? '') ?? `cannot be asked: ${error.message}`, REMEDY, error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}

function open({ host, port }: HostPort, tls: WordTls | undefined): Socket {
  if (tls === undefined) return connect({ host, port, autoSelectFamily: true });
  // An address is looked for in the certificate, and not sent as a name.
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...servername, ...tls });
}

const REMEDY = 'Is the server running, and are host and port right?';

const problems: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'refuses connections: nothing listens there'],
  ['ENOTFOUND', 'has a name that is not known'],
  ['EAI_AGAIN', 'has a name that cannot be looked up now'],
  ['EHOSTUNREACH', 'cannot be reached'],
  ['ENETUNREACH', 'cannot be reached'],
  ['ETIMEDOUT', 'cannot be reached'],
  ['ECONNRESET', 'closed the connection without an answer'],
]);
