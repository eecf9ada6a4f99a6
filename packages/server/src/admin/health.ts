/**
 * `/livez` and `/readyz`: may this process stay, may it get traffic? Status 200 or 503, and always the reason.
 * Text unless the caller accepts JSON.
 */
import type { AdminView } from './admin-view.ts';
import { type Json, jsonText } from './json-text.ts';

/** The two questions. */
export type HealthQuestion = 'livez' | 'readyz';

/** An answer to one of them. */
export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly contentType: string;
  readonly body: string;
}

/** The question that a URL path asks; undefined when it asks none. */
export function tryHealthQuestion(path: string): HealthQuestion | undefined {
  if (path === '/livez') return 'livez';
  return path === '/readyz' ? 'readyz' : undefined;
}

/** The truth of this moment. @param accept - the header; JSON is given only to who names it. */
export function healthAnswer(
  question: HealthQuestion,
  view: AdminView,
  accept: string | undefined,
): HealthAnswer {
  const reason = question === 'livez' ? view.notAliveReason : unreadyReason(view);
  const status = reason === undefined ? 200 : 503;
  const verdict = question === 'livez' ? 'alive' : 'ready';
  if (accept?.includes('application/json')) {
    const facts: Json = {
      status: reason === undefined ? verdict : `not ${verdict}`,
      reason: reason ?? null,
      server_state: view.state,
      last_processed_zxid: view.lastProcessedZxid,
      uptime: Math.floor(view.uptimeMs),
    };
    return { status, contentType: 'application/json', body: `${jsonText(facts)}\n` };
  }
  const body = reason === undefined ? `${verdict}\n` : `not ${verdict}: ${reason}\n`;
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

function unreadyReason(view: AdminView): string | undefined {
  if (view.notAliveReason !== undefined) return view.notAliveReason;
  if (view.notReadyReason !== undefined) return view.notReadyReason;
  return view.isServing ? undefined : 'the server is not serving requests';
}
