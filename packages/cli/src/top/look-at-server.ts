import { CommandError } from '../exit.ts';
import { printableLine } from '../terminal/printable.ts';
import { askWord, describeHost, type HostPort } from '../words/ask-word.ts';
import { isNotServing, isNotWhitelisted } from '../words/word-answer.ts';
import type { WordTls } from '../words/word-tls.ts';
import {
  type ConnectionFacts,
  mergeFacts,
  readCons,
  readMntr,
  readSrvr,
  type ServerFacts,
} from './server-facts.ts';

/** What was found when a server was asked. */
export type ServerLook =
  | {
      readonly kind: 'answers';
      readonly facts: ServerFacts;
      /** Undefined if they were not asked for, or if the server does not tell. */
      readonly connections: readonly ConnectionFacts[] | undefined;
    }
  | { readonly kind: 'problem'; readonly reason: string };

/** What is asked. */
export interface LookOptions {
  readonly timeoutMs: number;
  readonly scope: 'server' | 'server-and-connections';
  readonly tls?: WordTls | undefined;
}

const ANSWER_BYTES_MAX = 32 << 20;

/**
 * Asks a server for all that it may tell: `srvr`, which every server answers unless it is told not to, and `mntr`, which
 * adds what `srvr` leaves out. If `srvr` is not in its whitelist, `stat` does as well. Never throws.
 */
export async function lookAtServer(
  server: HostPort,
  { timeoutMs, scope, tls }: LookOptions,
): Promise<ServerLook> {
  const ask = (word: string) =>
    askWord(server, word, { timeoutMs, answerBytesMax: ANSWER_BYTES_MAX, tls });
  const wantsConnections = scope === 'server-and-connections';
  try {
    const [srvr, mntr, cons] = await Promise.all([
      ask('srvr'),
      ask('mntr'),
      wantsConnections ? ask('cons') : '',
    ]);
    const short = readSrvr(isNotWhitelisted(srvr) ? await ask('stat') : srvr);
    const long = readMntr(mntr);
    const facts = short === undefined ? long : long === undefined ? short : mergeFacts(short, long);
    if (facts === undefined) return { kind: 'problem', reason: reasonOf(srvr) };
    const hasConnections = wantsConnections && !isNotWhitelisted(cons);
    return { kind: 'answers', facts, connections: hasConnections ? readCons(cons) : undefined };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const prefix = `${describeHost(server)} `;
    const reason = error.message.startsWith(prefix)
      ? error.message.slice(prefix.length)
      : error.message;
    return { kind: 'problem', reason: printableLine(reason) };
  }
}

function reasonOf(answer: string): string {
  if (isNotServing(answer)) return 'is not serving: it has no quorum, or it is starting';
  if (isNotWhitelisted(answer))
    return 'tells nothing: none of srvr, mntr and stat is in its 4lw.commands.whitelist';
  return 'gives an answer that is not that of a ZooKeeper server';
}
