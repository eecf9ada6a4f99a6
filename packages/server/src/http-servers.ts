import { AdminHttpServer } from './admin/http.ts';
import { MetricsHttpServer } from './admin/metrics-http.ts';
import type { ServerView } from './admin/server-view.ts';
import type { TraceMask } from './admin/trace-mask.ts';
import type { ServerConfig } from './config/config.ts';
import { PrometheusExporter } from './report/prometheus.ts';
import type { ShellFact } from './report/shell-fact.ts';

/** The HTTP servers beside the client port, running. */
export interface HttpServers {
  /** Undefined when `admin.enableServer` is false, or the port of a member is taken. */
  readonly adminPort: number | undefined;
  close(): Promise<void>;
}

/** The admin server could not listen. */
export class AdminListenError extends Error {
  readonly code = 'ADMIN_LISTEN_FAILED';

  constructor(port: number, cause: Error) {
    super(
      `the admin server cannot listen on port ${port}: ${cause.message}. ` +
        'Set another admin.serverPort, or admin.enableServer=false.',
      { cause },
    );
    this.name = 'AdminListenError';
  }
}

/**
 * Starts the admin server and the metrics endpoint, as far as the configuration wants them. A module of
 * its own, loaded when it is needed: a server without them starts sooner.
 *
 * A member of an ensemble goes on without an admin server when its port is taken, with a warning: several on one machine have the same
 * default. A server that is alone does not start. Source: QuorumPeer.start, ZooKeeperServerMain.main.
 *
 * @throws AdminListenError, or what the system says of the metrics port.
 */
export async function startHttpServers(
  config: ServerConfig,
  view: ServerView,
  traceMask: TraceMask,
  report: (fact: ShellFact) => void,
): Promise<HttpServers> {
  const { admin, ensemble, metrics, security } = config;
  const exporter = new PrometheusExporter(metrics, view);
  const running: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const server of running) await server.close();
  };
  let adminPort: number | undefined;
  try {
    if (admin.isOn) {
      const server = new AdminHttpServer(
        {
          ...admin.listen,
          ...admin,
          traceMask,
          forwardedFor: security.isForwardedForTrusted ? 'trusted' : 'ignored',
        },
        { view, metrics: exporter, report },
      );
      try {
        adminPort = await server.listen();
        running.push(server);
        report({ kind: 'listening', service: 'admin', address: `port ${adminPort}` });
      } catch (error) {
        const failure = new AdminListenError(admin.listen.port, error as Error);
        if (ensemble === undefined) throw failure;
        report({ kind: 'config-warning', key: 'admin.serverPort', message: failure.message });
      }
    }
    if (metrics.prometheus !== undefined) {
      const server = new MetricsHttpServer(metrics.prometheus, exporter);
      const port = await server.listen();
      running.push(server);
      report({ kind: 'listening', service: 'metrics', address: `port ${port}` });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { adminPort, close };
}
