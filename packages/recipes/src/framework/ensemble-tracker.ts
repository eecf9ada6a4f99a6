import type { ZooKeeper } from '@zooid/client';
import { deferred, onAbort } from '@zooid/client/waiting';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { type ChangesOptions, LatestFeed } from '../latest-feed.ts';
import { orAborted } from '../or-aborted.ts';
import { SessionLoop } from '../sessions/session-loop.ts';
import type { SessionSource } from '../sessions/session-source.ts';
import { untilChanged, watched } from '../watching.ts';

/**
 * Keeps a client's list of servers what the ensemble says it is, through every reconfiguration: Curator's EnsembleTracker.
 *
 *     await using tracker = new EnsembleTracker(zk);
 *     await tracker.start();
 *
 * A server that does not say where its clients are is left out; when none does, the client keeps the list that it has.
 */
export class EnsembleTracker implements AsyncDisposable {
  readonly #loop: SessionLoop;
  readonly #first = deferred<void>();
  readonly #feed = new LatestFeed<string>();
  #servers = '';

  constructor(source: SessionSource) {
    this.#loop = new SessionLoop(source, (zk, scope) => this.#follow(zk, scope));
    this.#first.promise.catch(() => undefined);
    const { failed, closing } = this.#loop;
    onAbort(failed, () => {
      this.#first.reject(failed.reason);
      this.#feed.end({ error: failed.reason });
    });
    onAbort(closing, () => {
      this.#first.reject(closing.reason);
      this.#feed.end('quiet');
    });
  }

  /** Fires when it cannot follow any more; its reason is the error. Not by {@link close}. */
  get failed(): AbortSignal {
    return this.#loop.failed;
  }

  /** The servers that the ensemble told of last, as `host:port,host:port`; empty when it told of none. */
  get servers(): string {
    return this.#servers;
  }

  /** Begins. Resolves when the configuration was read once. */
  async start(options: WaitOptions = {}): Promise<void> {
    this.#loop.start();
    using deadline = new Deadline('start', '/zookeeper/config', options);
    await orAborted(this.#first.promise, deadline.signal);
  }

  /** The servers, now and whenever they have changed. */
  changes(options: ChangesOptions = {}): AsyncIterableIterator<string> {
    return this.#feed.follow(options, this.#servers === '' ? undefined : { value: this.#servers });
  }

  /** Ends it; the client keeps the servers that it has. Never rejects; again is harmless. */
  close(): Promise<void> {
    return this.#loop.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #follow(zk: ZooKeeper, scope: AbortSignal): Promise<void> {
    for (;;) {
      const config = await watched(zk.getConfig({ watch: true }), scope);
      const servers = clientAddresses(config.text());
      if (servers !== '') {
        // A new session begins with the servers that it was opened with.
        zk.updateServers(servers);
        if (servers !== this.#servers) {
          this.#servers = servers;
          this.#feed.push(servers);
        }
      }
      this.#first.resolve();
      await untilChanged(config, scope);
    }
  }
}

/**
 * Where the clients of an ensemble connect, by the text of its configuration.
 *
 * @returns `host:port,host:port`, sorted; of a server that listens everywhere the host is that of its own address.
 */
export function clientAddresses(config: string): string {
  const addresses = config
    .split('\n')
    .map((line) => /^\s*server\.\d+\s*=\s*(.*?)\s*$/.exec(line)?.[1])
    .map((server) => (server === undefined ? undefined : clientAddressOf(server)))
    .filter((address) => address !== undefined);
  return [...new Set(addresses)].sort().join(',');
}

// server: host:port:port[:role][|host:port:port]... [;[host:]port]
// Source: ZooKeeper's QuorumPeer.QuorumServer. A colon in a property may be written `\:`.
function clientAddressOf(text: string): string | undefined {
  const [server = '', client] = text.replaceAll('\\:', ':').split(';');
  if (client === undefined) return undefined;
  const [, host, port] = /^(?:(\[[^\]]+\]|[^:[\]]+):)?(\d+)$/.exec(client.trim()) ?? [];
  if (port === undefined) return undefined;
  if (host !== undefined && !isWildcard(host)) return `${host}:${port}`;
  const own = /^(\[[^\]]+\]|[^:[\]]+):/.exec(server.trim())?.[1];
  return own === undefined ? undefined : `${own}:${port}`;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || /^\[[0:]+\]$/.test(host);
}
