import { once } from 'node:events';
import { startTestServer, type TestServer, type TestServerOptions } from '@zooid/testing';
import { afterAll, afterEach, beforeAll } from 'vitest';
import zookeeper, { type Callback, type Client, type Option } from '../../src/compat/index.ts';

/** The results of a method that calls back, as a promise; rejects with the error. */
export function called<Results extends readonly unknown[]>(
  run: (callback: Callback<Results>) => void,
): Promise<Results> {
  return new Promise((resolve, reject) => {
    run((error, ...results) => {
      if (error === null) resolve(results);
      else reject(error);
    });
  });
}

/** Resolves when a client next emits `event`. */
export async function emitted(client: Client, event: string): Promise<void> {
  await once(client, event);
}

/** Everything that a client emits from now on, in order. */
export function eventsOf(client: Client): string[] {
  const seen: string[] = [];
  for (const event of [
    'connected',
    'connectedReadOnly',
    'disconnected',
    'expired',
    'authenticationFailed',
  ] as const) {
    client.on(event, () => seen.push(event));
  }
  return seen;
}

/** Clients that are closed at the end of each test, whatever became of them. */
export class Clients {
  readonly #made: Client[] = [];

  constructor() {
    afterEach(async () => {
      for (const client of this.#made.splice(0)) await closed(client);
    });
  }

  /** One that has not begun to connect. */
  make(connectionString: string, options: Partial<Option> = {}): Client {
    const client = zookeeper.createClient(connectionString, {
      sessionTimeout: 10_000,
      spinDelay: 20,
      ...options,
    });
    this.#made.push(client);
    return client;
  }

  /** One that is connected. */
  async connect(connectionString: string, options: Partial<Option> = {}): Promise<Client> {
    const client = this.make(connectionString, options);
    client.connect();
    await emitted(client, 'connected');
    return client;
  }
}

/** Closes a client and waits until the server knows. */
export async function closed(client: Client): Promise<void> {
  const { state } = client.connectionManager;
  const isConnected = state > 1;
  client.close();
  if (isConnected) await emitted(client, 'disconnected');
}

/** One server for the tests of a file. */
export function useServer(options?: TestServerOptions): { readonly current: TestServer } {
  let server: TestServer | undefined;
  beforeAll(async () => {
    server = await startTestServer(options);
  });
  afterAll(async () => {
    await server?.close();
  });
  return {
    get current() {
      if (server === undefined) throw new Error('the server does not run yet');
      return server;
    },
  };
}
