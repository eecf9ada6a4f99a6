import { createServer, type Server, type Socket } from 'node:net';
import { openOnFreePort } from './free-port.ts';
import type {
  CutPoint,
  Direction,
  Ending,
  FaultOptions,
  PendingCut,
  Traffic,
} from './network-faults.ts';
import type { LineState } from './pipe.ts';
import { ProxiedConnection } from './proxied-connection.ts';
import type { TestProxy } from './test-proxy.ts';

/** An address to connect to. */
export interface Target {
  /** Name or address; 127.0.0.1 unless given. */
  readonly host?: string | undefined;
  readonly port: number;
}

/** The one address that servers under test and proxies listen on. */
export const LOCAL_HOST = '127.0.0.1';

/** A cut for a connection that is not there yet. */
interface WaitingCut {
  readonly point: CutPoint;
  readonly settle: (isCut: boolean) => void;
}

/**
 * A port on 127.0.0.1 that passes everything on to another one, and fails on demand. Without faults it is transparent: bytes, FIN
 * and RST arrive as they came, in both directions.
 */
export class TcpProxy implements TestProxy {
  readonly #target: { host: string; port: number };
  readonly #lines: Readonly<Record<Direction, LineState>> = {
    'to-server': { delayMs: 0, isSilent: false },
    'to-client': { delayMs: 0, isSilent: false },
  };
  /** Those that carry bytes. */
  readonly #connections = new Set<ProxiedConnection>();
  /** Those that carry nothing any more, of which one side is not closed yet. */
  readonly #leaving = new Set<ProxiedConnection>();
  /** Oldest first. */
  readonly #waitingCuts: WaitingCut[] = [];
  readonly #bytes: Record<Direction, number> = { 'to-server': 0, 'to-client': 0 };
  #acceptedCount = 0;
  #port = 0;
  #listener: Server | undefined;
  #opening: Promise<void> | undefined;
  #isRefusing = false;
  #isTargetDown = false;
  #closing: Promise<void> | undefined;
  #onLastGone: (() => void) | undefined;

  private constructor(target: Target) {
    this.#target = { host: target.host ?? LOCAL_HOST, port: target.port };
  }

  /** Begins to listen. @param port - a free one unless given. @throws what the system says of the port. */
  static async start(target: Target, port?: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#port = port ?? 0;
    await proxy.#open();
    return proxy;
  }

  readonly host: string = LOCAL_HOST;

  /** The port that it listens on; the same for all its life. */
  get port(): number {
    return this.#port;
  }

  get connectString(): string {
    return `${this.host}:${this.port}`;
  }

  get traffic(): Traffic {
    return {
      acceptedCount: this.#acceptedCount,
      openCount: this.#connections.size,
      bytesToServer: this.#bytes['to-server'],
      bytesToClient: this.#bytes['to-client'],
    };
  }

  dropConnections(options: { readonly ending?: Ending | undefined } = {}): number {
    const dropped = [...this.#connections];
    for (const connection of dropped) connection.drop(options.ending ?? 'reset');
    return dropped.length;
  }

  delay(ms: number, options: FaultOptions = {}): void {
    if (!(ms >= 0 && ms <= DELAY_MS_MAX)) {
      throw new RangeError(`a delay is 0 to ${DELAY_MS_MAX} ms, not ${ms}`);
    }
    for (const line of this.#linesOf(options)) line.delayMs = ms;
  }

  partition(options: FaultOptions = {}): void {
    for (const line of this.#linesOf(options)) line.isSilent = true;
  }

  refuse(): void {
    this.#isRefusing = true;
    void this.#stopListening();
  }

  cutAfter(point: CutPoint): PendingCut {
    if (!(Number.isInteger(point.bytes) && point.bytes >= 0)) {
      throw new RangeError(`a cut is after a whole number of bytes, not after ${point.bytes}`);
    }
    const done = new Promise<boolean>((settle) => {
      if (this.#closing !== undefined) settle(false);
      else this.#waitingCuts.push({ point, settle });
    });
    return { done };
  }

  async heal(): Promise<void> {
    this.#callOffCuts();
    for (const line of Object.values(this.#lines)) {
      line.isSilent = false;
      line.delayMs = 0;
    }
    for (const connection of this.#connections) connection.update('delay lifted');
    this.#isRefusing = false;
    await this.#open();
  }

  /** The target is about to go: nobody listens, whatever is healed, until {@link bringUp}. */
  takeDown(): void {
    this.#isTargetDown = true;
    void this.#stopListening();
  }

  /** The target is on this port now. Resolves when clients can connect, unless that is refused. */
  async bringUp(targetPort: number): Promise<void> {
    this.#target.port = targetPort;
    this.#isTargetDown = false;
    await this.#open();
  }

  /** Ends all connections and lets go of the port; resolves when nothing is left. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #mayListen(): boolean {
    return !this.#isRefusing && !this.#isTargetDown && this.#closing === undefined;
  }

  #linesOf(options: FaultOptions): readonly LineState[] {
    const { direction } = options;
    return direction === undefined ? Object.values(this.#lines) : [this.#lines[direction]];
  }

  async #close(): Promise<void> {
    this.#callOffCuts();
    const listenerClosed = this.#stopListening();
    await this.#opening?.catch(() => {});
    const all = [...this.#connections, ...this.#leaving];
    if (all.length > 0) {
      const gone = new Promise<void>((resolve) => {
        this.#onLastGone = resolve;
      });
      for (const connection of all) connection.destroy();
      await gone;
    }
    await listenerClosed;
  }

  #callOffCuts(): void {
    for (const { settle } of this.#waitingCuts.splice(0)) settle(false);
    for (const connection of this.#connections) connection.callOffCut();
  }

  /** Listens if it may. */
  async #open(): Promise<void> {
    // One that is on its way may have been overtaken by a refusal, or by the end of one.
    while (this.#mayListen && this.#listener === undefined) {
      this.#opening ??= this.#listen().finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
  }

  async #listen(): Promise<void> {
    const listener =
      this.#port === 0
        ? await openOnFreePort((port) => this.#listenOn(port))
        : await this.#listenOn(this.#port);
    const address = listener.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
    if (this.#mayListen) this.#listener = listener;
    else listener.close();
  }

  #listenOn(port: number): Promise<Server> {
    return new Promise((resolve, reject) => {
      // Half-open: the end of one direction says nothing of the other.
      const listener = createServer({ allowHalfOpen: true }, (socket) => this.#onClient(socket));
      listener.once('error', reject);
      listener.listen(port, LOCAL_HOST, () => {
        listener.off('error', reject);
        // A connection that could not be accepted does not end the others.
        listener.on('error', () => {});
        resolve(listener);
      });
    });
  }

  /** Nobody can connect from now on. Resolves when the connections that it accepted are closed, too. */
  #stopListening(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    return new Promise((resolve) => {
      if (listener === undefined) resolve();
      else listener.close(() => resolve());
    });
  }

  #onClient(socket: Socket): void {
    this.#acceptedCount++;
    const connection = new ProxiedConnection({
      client: socket,
      target: { ...this.#target },
      lines: this.#lines,
      onPassed: (direction, bytes) => {
        this.#bytes[direction] += bytes;
      },
      onOver: (over) => {
        this.#connections.delete(over);
        this.#leaving.add(over);
      },
      onGone: (gone) => {
        this.#leaving.delete(gone);
        if (this.#connections.size + this.#leaving.size === 0) this.#onLastGone?.();
      },
    });
    this.#connections.add(connection);
    const cut = this.#waitingCuts.shift();
    if (cut !== undefined) connection.cutAfter(cut.point, cut.settle);
  }
}

/** What a timer of Node can wait for. */
const DELAY_MS_MAX = 2 ** 31 - 1;
