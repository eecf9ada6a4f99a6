/**
 * Who may call the protected commands: `Authorization: <scheme> <proof>`, e.g. `digest user:password` or `ip`.
 *
 * The caller needs every permission on "/". Each command asks on its own (CVE-2025-58457). The caller's address is that of
 * the socket; `X-Forwarded-For` counts only when the configuration says so (CVE-2024-51504).
 * Source of statuses and texts: Commands.runCommand.
 */
import type { IncomingMessage } from 'node:http';
import type { AdminView } from './admin-view.ts';
import { type CommandResult, refused } from './command.ts';

/** Whether a proxy's word about the caller's address is believed. */
export type ForwardedFor = 'ignored' | 'trusted';

/** The refusal, or undefined when the caller may. */
export function tryRefuse(
  view: AdminView,
  request: IncomingMessage,
  forwardedFor: ForwardedFor,
): CommandResult | undefined {
  const header = request.headers.authorization;
  if (header === undefined) return refused(401, 'Auth info is missing for the command');
  const parts = header.split(' ');
  const [scheme = '', proof] = parts;
  // A password may hold no space: Apache splits at each.
  if (parts.length > 2) return refused(401, 'Not authenticated');
  const ids = view.authenticate(scheme, proof, callerAddress(request, forwardedFor));
  if (ids.length === 0) return refused(401, 'Not authenticated');
  return view.hasAllPermissionsOnRoot(ids) ? undefined : refused(403, 'Not authorized');
}

/** Address of the caller. */
export function callerAddress(request: IncomingMessage, forwardedFor: ForwardedFor): string {
  const socketAddress = request.socket.remoteAddress ?? '';
  if (forwardedFor === 'ignored') return socketAddress;
  const header = request.headers['x-forwarded-for'];
  const first = (typeof header === 'string' ? header : '').split(',')[0]!.trim();
  return first === '' ? socketAddress : first;
}
