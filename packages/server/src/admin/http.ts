/**
 * The admin HTTP server: /commands/*, /livez, /readyz, /metrics, on plain node:http.
 *
 * Decides what a URL means, who gets an error page, and how much a caller may use up; `commands.ts` decides what a
 * command answers. Nothing that a caller sends ends the server: every failure becomes a status.
 */
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { PrometheusExporter } from '../report/prometheus.ts';
import type { ShellFact } from '../report/shell-fact.ts';
import type { AdminView } from './admin-view.ts';
import { callerAddress, type ForwardedFor, tryRefuse } from './authorization.ts';
import { type Command, type CommandResult, refused } from './command.ts';
import { type CommandOptions, commandIndex, commandTable } from './commands.ts';
import { healthAnswer, tryHealthQuestion } from './health.ts';
import { type Json, jsonText } from './json-text.ts';

/** How the admin server listens and what it allows. */
export interface AdminHttpOptions extends CommandOptions {
  /** Undefined = every address of the machine. */
  readonly host: string | undefined;
  /** 0 = any free port. */
  readonly port: number;
  /** `admin.commandURL`: starts with `/`, does not end with one. */
  readonly commandPath: string;
  /** `admin.idleTimeout`. */
  readonly idleTimeoutMs: number;
  readonly forwardedFor: ForwardedFor;
}

/** What the admin server works with. */
export interface AdminHttpParts {
  readonly view: AdminView;
  /** Undefined = there is no /metrics here. */
  readonly metrics?: PrometheusExporter;
  readonly report: (fact: ShellFact) => void;
}

/** Open connections; more are closed at accept. */
const CONNECTIONS_MAX = 256;
/** Time for the headers of a request to arrive. */
const HEADERS_TIMEOUT_MS = 10_000;
/** Bytes of a URL that are looked at. */
const URL_LENGTH_MAX = 4096;
/** Bytes of a body that nobody wanted and that are skipped, so that the caller gets to read its answer. */
const SKIPPED_BYTES_MAX = 1024 * 1024;
const ALLOWED_METHODS = 'GET, HEAD, POST, OPTIONS';

/** A running admin server. */
export class AdminHttpServer {
  readonly #options: AdminHttpOptions;
  readonly #parts: AdminHttpParts;
  readonly #commands: ReadonlyMap<string, Command>;
  readonly #server: Server;

  constructor(options: AdminHttpOptions, parts: AdminHttpParts) {
    this.#options = options;
    this.#parts = parts;
    this.#commands = commandTable(options);
    this.#server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        keepAliveTimeout: options.idleTimeoutMs,
        // A restore may take long; a socket on which nothing moves is ended below.
        requestTimeout: 0,
        connectionsCheckingInterval: 2_000,
        maxHeaderSize: 16 * 1024,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.setTimeout(options.idleTimeoutMs, (socket) => socket.destroy());
    // TRACE and CONNECT never reach a handler by accident; a broken request costs its own connection only.
    this.#server.on('connect', (_request, socket) => socket.destroy());
    this.#server.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
  }

  /** Begins to listen. Rejects when the address is not to be had. @returns the port. */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.#server.removeListener('error', reject);
        this.#server.on('error', () => {}); // a failed accept is that caller's affair
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      await this.#route(request, response);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      this.#parts.report({ kind: 'admin-failed', command: pathOf(request), reason });
      if (response.headersSent) response.destroy();
      else sendText(response, 500, 'internal error\n');
    }
    skipRest(request);
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    // Jetty is told to forbid it: it would echo the Authorization header.
    if (method === 'TRACE') return sendText(response, 403, '');
    if ((request.url ?? '').length > URL_LENGTH_MAX) return sendText(response, 414, 'too long\n');
    const path = pathOf(request);
    const name = this.#commandName(path);
    const { metrics, view } = this.#parts;

    const question = tryHealthQuestion(path);
    const isMetrics = path === '/metrics' && metrics !== undefined;
    if (name === undefined && question === undefined && !isMetrics) {
      return sendText(response, 404, 'not found\n');
    }
    if (method === 'OPTIONS') {
      response.setHeader('Allow', ALLOWED_METHODS);
      return sendText(response, 200, '');
    }
    const isRead = method === 'GET' || method === 'HEAD';
    if (!isRead && !(method === 'POST' && name !== undefined)) return refuseMethod(response);

    if (question !== undefined) {
      const { status, contentType, body } = healthAnswer(question, view, request.headers.accept);
      return send(response, status, contentType, body);
    }
    if (isMetrics) return send(response, 200, metrics.contentType, await metrics.text());
    if (name === '') {
      const index = commandIndex(this.#commands, this.#options.commandPath);
      return send(response, 200, 'text/html; charset=utf-8', index);
    }
    await this.#runCommand(name!, isRead ? 'GET' : 'POST', request, response);
  }

  /** The command that a path names; '' is the list of them, undefined something else. */
  #commandName(path: string): string | undefined {
    const { commandPath } = this.#options;
    if (path === commandPath) return '';
    return path.startsWith(`${commandPath}/`) ? path.slice(commandPath.length + 1) : undefined;
  }

  async #runCommand(
    name: string,
    method: 'GET' | 'POST',
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { view, report } = this.#parts;
    const command = this.#commands.get(name);
    if (command === undefined) {
      return sendResult(response, name, refused(200, `Unknown command: ${name}`), 'outside');
    }
    const [primaryName] = command.names;
    if (command.method !== method) return refuseMethod(response, command.method);
    if (command.needsServer && !view.isServing) {
      const sentence = 'This ZooKeeper instance is not currently serving requests';
      return sendResult(response, name, refused(200, sentence), 'outside');
    }
    if (command.needsAuthorization) {
      const refusal = tryRefuse(view, request, this.#options.forwardedFor);
      if (refusal !== undefined) {
        this.#reportCommand(primaryName, request, refusal.status);
        return sendResult(response, name, refusal, 'outside');
      }
    }
    let result: CommandResult;
    // A snapshot may take longer than a connection may idle; the body of a POST may not.
    if (method === 'GET') request.socket.setTimeout(0);
    else request.once('end', () => request.socket.setTimeout(0));
    try {
      result = await command.run({ view, parameters: parametersOf(request), body: request });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      report({ kind: 'admin-failed', command: primaryName, reason });
      result = refused(500, 'the command failed, see the log of the server');
    } finally {
      request.socket.setTimeout(this.#options.idleTimeoutMs);
    }
    if (command.needsAuthorization) this.#reportCommand(primaryName, request, result.status);
    if (result.file !== undefined) return sendFile(request, response, result);
    sendResult(response, primaryName, result, 'command');
  }

  #reportCommand(command: string, request: IncomingMessage, status: number): void {
    const address = callerAddress(request, this.#options.forwardedFor);
    this.#parts.report({ kind: 'admin-command', command, address, status });
  }
}

/** Reads away a bounded rest of a body. */
function skipRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > SKIPPED_BYTES_MAX) request.destroy();
  });
  request.resume();
}

function pathOf(request: IncomingMessage): string {
  const raw = (request.url ?? '/').split('?', 1)[0]!;
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

/** First value of each parameter, as Apache takes them. */
function parametersOf(request: IncomingMessage): ReadonlyMap<string, string> {
  const [, query = ''] = (request.url ?? '').split('?', 2);
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}

function refuseMethod(response: ServerResponse, allowed?: string): void {
  response.setHeader('Allow', allowed === 'GET' ? 'GET, HEAD' : (allowed ?? 'GET, HEAD'));
  sendText(response, 405, 'method not allowed\n');
}

/** Fields, command and error; when the command itself found the error Apache prints that first. */
function sendResult(
  response: ServerResponse,
  command: string,
  result: CommandResult,
  foundBy: 'command' | 'outside',
): void {
  const { status, error, fields, headers = {} } = result;
  const body: Json =
    error !== null && foundBy === 'command'
      ? { error, ...fields, command }
      : { ...fields, command, error };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (status === 401) response.setHeader('WWW-Authenticate', 'digest');
  send(response, status, 'application/json', jsonText(body));
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { file, headers = {} }: CommandResult,
): Promise<void> {
  const { path, sizeBytes } = file!;
  response.writeHead(200, {
    ...headers,
    'Content-Type': 'application/octet-stream',
    'Content-Length': sizeBytes,
  });
  if (request.method === 'HEAD' || sizeBytes === 0) {
    response.end();
    return;
  }
  // The size was promised: a file that grows meanwhile must not run over it.
  await pipeline(createReadStream(path, { end: sizeBytes - 1 }), response);
}

function sendText(response: ServerResponse, status: number, body: string): void {
  send(response, status, 'text/plain; charset=utf-8', body);
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    // A browser must not make anything else of an answer that holds a client's words.
    'X-Content-Type-Options': 'nosniff',
  });
  // For HEAD node:http leaves the body out by itself.
  response.end(body);
}
