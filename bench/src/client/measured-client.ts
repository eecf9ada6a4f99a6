import { createRequire } from 'node:module';
import { connect } from '@zooid/client';
import compat from '@zooid/client/compat';
import type { CallMeter } from './call-meter.ts';
import type { ClientName } from './client-row.ts';

/** A session of one of the libraries. Loops make one call after the other, until the meter is over. */
export interface MeasuredClient {
  /** @param next - the path of the next call. */
  getLoop(next: () => string, meter: CallMeter): Promise<void>;
  setLoop(next: () => string, value: Uint8Array, meter: CallMeter): Promise<void>;
  close(): Promise<void>;
}

/** Begins a session with a library. */
export function openMeasuredClient(
  name: ClientName,
  connectString: string,
): Promise<MeasuredClient> {
  switch (name) {
    case 'client':
      return openPromiseClient(connectString);
    case 'compat':
      return openCallbackClient(compat.createClient(connectString));
    case 'node-zookeeper-client':
      return openCallbackClient(nodeZooKeeperClient().createClient(connectString));
  }
}

async function openPromiseClient(connectString: string): Promise<MeasuredClient> {
  const zk = await connect(connectString);
  return {
    async getLoop(next, meter) {
      while (!meter.isOver) {
        const begunMs = meter.begin();
        const node = await zk.get(next());
        meter.end(begunMs, node.data.byteLength);
      }
    },
    async setLoop(next, value, meter) {
      while (!meter.isOver) {
        const begunMs = meter.begin();
        const stat = await zk.set(next(), value);
        meter.end(begunMs, stat.dataLength);
      }
    },
    close: () => zk.close(),
  };
}

/** What both libraries with callbacks have, as far as it is used here. */
interface CallbackClient {
  connect(): void;
  close(): void;
  once(event: 'connected' | 'disconnected', listener: () => void): unknown;
  getData(path: string, callback: (error: Error | null, data?: Buffer) => void): void;
  setData(
    path: string,
    data: Buffer,
    version: number,
    callback: (error: Error | null, stat?: { readonly dataLength: number }) => void,
  ): void;
}

/** Version of a write that takes any. */
const ANY_VERSION = -1;

/** As such code is written: no promise for a call. */
async function openCallbackClient(client: CallbackClient): Promise<MeasuredClient> {
  await new Promise<void>((resolve) => {
    client.once('connected', resolve);
    client.connect();
  });
  return {
    getLoop: (next, meter) =>
      new Promise((resolve, reject) => {
        let begunMs = 0;
        const ask = () => {
          begunMs = meter.begin();
          client.getData(next(), onAnswer);
        };
        const onAnswer = (error: Error | null, data?: Buffer) => {
          if (error) return reject(error);
          meter.end(begunMs, data?.byteLength ?? 0);
          if (meter.isOver) resolve();
          else ask();
        };
        ask();
      }),
    setLoop: (next, value, meter) =>
      new Promise((resolve, reject) => {
        const data = Buffer.from(value);
        let begunMs = 0;
        const ask = () => {
          begunMs = meter.begin();
          client.setData(next(), data, ANY_VERSION, onAnswer);
        };
        const onAnswer = (error: Error | null, stat?: { readonly dataLength: number }) => {
          if (error) return reject(error);
          meter.end(begunMs, stat?.dataLength ?? 0);
          if (meter.isOver) resolve();
          else ask();
        };
        ask();
      }),
    close: () =>
      new Promise((resolve) => {
        client.once('disconnected', resolve);
        client.close();
      }),
  };
}

/** It has no types. */
function nodeZooKeeperClient(): { createClient(connectString: string): CallbackClient } {
  return createRequire(import.meta.url)('node-zookeeper-client');
}
