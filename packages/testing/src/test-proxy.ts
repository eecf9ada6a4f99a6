import type { NetworkFaults } from './network-faults.ts';
import { type Target, TcpProxy } from './tcp-proxy.ts';

/** What the proxy stands in front of, and where. */
export interface TestProxyOptions {
  /** What clients of the proxy reach: any ZooKeeper server. */
  readonly target: Target;
  /** Port to listen on; a free one unless given. */
  readonly port?: number | undefined;
}

/** A port on 127.0.0.1 in front of any ZooKeeper server, with faults on demand. */
export interface TestProxy extends NetworkFaults, AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port`, as clients take it. */
  readonly connectString: string;
  /** Ends all connections and lets go of the port. Resolves when nothing is left, also when it was called before. */
  close(): Promise<void>;
}

/**
 * Starts a proxy; when this resolves, clients can connect.
 *
 *     await using proxy = await startTestProxy({ target: { port: 2181 } });
 *     proxy.partition({ direction: 'to-client' });
 *
 * @throws what the system says of the port.
 */
export function startTestProxy(options: TestProxyOptions): Promise<TestProxy> {
  return TcpProxy.start(options.target, options.port);
}
