/** The endpoint of `metricsProvider.httpPort`: GET /metrics and nothing else. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PrometheusExporter } from '../report/prometheus.ts';

/** Where to listen. */
export interface MetricsHttpOptions {
  /** Undefined = every address of the machine. */
  readonly host: string | undefined;
  /** 0 = any free port. */
  readonly port: number;
}

const CONNECTIONS_MAX = 64;
const TIMEOUT_MS = 30_000;

/** A running metrics endpoint. */
export class MetricsHttpServer {
  readonly #options: MetricsHttpOptions;
  readonly #server: Server;

  constructor(options: MetricsHttpOptions, exporter: PrometheusExporter) {
    this.#options = options;
    this.#server = createServer(
      { headersTimeout: 10_000, requestTimeout: TIMEOUT_MS, maxHeaderSize: 16 * 1024 },
      (request, response) => {
        request.resume();
        const end = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
          response.writeHead(status, { 'Content-Type': type });
          response.end(text);
        };
        // Jetty is told to forbid it: it would echo the headers.
        if (request.method === 'TRACE') return end(403, '');
        if (request.url?.split('?', 1)[0] !== '/metrics') return end(404, 'not found\n');
        if (request.method !== 'GET' && request.method !== 'HEAD') {
          return end(405, 'method not allowed\n');
        }
        exporter.text().then(
          (text) => end(200, text, exporter.contentType),
          () => end(500, 'internal error\n'),
        );
      },
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.setTimeout(TIMEOUT_MS, (socket) => socket.destroy());
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    this.#server.on('connect', (_request, socket) => socket.destroy());
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
}
