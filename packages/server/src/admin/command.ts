/** What one HTTP command is, what it is told and what it answers. The table of all of them is `commands.ts`. */
import type { Readable } from 'node:stream';
import type { AdminView } from './admin-view.ts';
import type { Json } from './json-text.ts';

/** The answer of a command, before it becomes HTTP. */
export interface CommandResult {
  readonly status: number;
  /** Null when all is well. Apache prints `error` before `command` when the command itself found it. */
  readonly error: string | null;
  readonly fields: Readonly<Record<string, Json>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent instead of JSON. */
  readonly file?: { readonly path: string; readonly sizeBytes: number };
}

/** What a command is told. */
export interface CommandCall {
  readonly view: AdminView;
  /** Query parameters; the first value of a repeated one. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The body of a POST as it comes; the command decides how much it takes. */
  readonly body: Readable;
}

/** One command. */
export interface Command {
  /** The primary name first, then its aliases. */
  readonly names: readonly [string, ...string[]];
  readonly method: 'GET' | 'POST';
  /** Whether the server must be serving; else the answer is an error text with status 200, as in Apache's. */
  readonly needsServer: boolean;
  /** Whether the caller must have every permission on "/". */
  readonly needsAuthorization: boolean;
  run(call: CommandCall): CommandResult | Promise<CommandResult>;
}

/** A good answer with these fields. */
export function ok(fields: Readonly<Record<string, Json>> = {}): CommandResult {
  return { status: 200, error: null, fields };
}

/** A refusal. */
export function refused(status: number, error: string): CommandResult {
  return { status, error, fields: {} };
}
