// Where `status` asks: Apache's zkServer.sh looks in the same places, in the same order, and says the same on the way.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../exit.ts';
import { readZooCfg, type ZooCfg } from './zoo-cfg.ts';

/** Where a server takes clients. */
export interface ClientPort {
  readonly address: string;
  readonly port: number;
  readonly security: 'plain' | 'tls';
}

/** Asked if the configuration does not say where the server listens. */
const DEFAULT_ADDRESS = 'localhost';

/** What looking for the port came to. */
export interface PortSearch {
  /** What was said on the way: lines of the answer. */
  readonly remarks: readonly string[];
  /** Undefined if there is none in any of the places. */
  readonly found: ClientPort | undefined;
}

/** Finds the client port of the server that a configuration describes. */
export function findClientPort(config: ZooCfg): PortSearch {
  const remarks: string[] = [];
  const found =
    plainPort(config) ?? portOfServerLine(config, remarks) ?? securePort(config, remarks);
  return { remarks, found };
}

function plainPort(config: ZooCfg): ClientPort | undefined {
  const port = portNumber(config.get('clientPort'));
  if (port === undefined) return undefined;
  return { address: config.get('clientPortAddress') ?? DEFAULT_ADDRESS, port, security: 'plain' };
}

/** `server.N=host:port:port;clientPort` of this server, in zoo.cfg or in the dynamic configuration. */
function portOfServerLine(config: ZooCfg, remarks: string[]): ClientPort | undefined {
  const id = readMyId(config.get('dataDir'));
  if (id === undefined) {
    remarks.push(
      'myid could not be determined, will not able to locate clientPort in the server configs.',
    );
    return undefined;
  }
  const inStatic = afterSemicolon(config.get(`server.${id}`));
  if (inStatic !== undefined) return inStatic;
  remarks.push('Client port not found in static config file. Looking in dynamic config file.');
  const dynamicFile = config.get('dynamicConfigFile');
  const inDynamic = afterSemicolon(
    dynamicFile === undefined ? undefined : tryReadZooCfg(dynamicFile)?.get(`server.${id}`),
  );
  if (inDynamic === undefined) remarks.push('Client port not found in the server configs');
  return inDynamic;
}

function securePort(config: ZooCfg, remarks: string[]): ClientPort | undefined {
  remarks.push('Client port not found. Looking for secureClientPort in the static config.');
  const port = portNumber(config.get('secureClientPort'));
  if (port === undefined) {
    remarks.push(
      'Unable to find either secure or unsecure client port in any configs. Terminating.',
    );
    return undefined;
  }
  const address = config.get('secureClientPortAddress') ?? DEFAULT_ADDRESS;
  return { address, port, security: 'tls' };
}

/** `[address:]port`, with an IPv6 address in brackets. */
function afterSemicolon(line: string | undefined): ClientPort | undefined {
  const match = /;\s*(?:\[([^\]]*)\]:|([^:]*):)?(\d+)\s*$/.exec(line ?? '');
  const port = portNumber(match?.[3]);
  if (match === null || port === undefined) return undefined;
  return { address: match[1] || match[2] || DEFAULT_ADDRESS, port, security: 'plain' };
}

function portNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}

function readMyId(dataDir: string | undefined): string | undefined {
  if (dataDir === undefined) return undefined;
  try {
    const text = readFileSync(join(dataDir, 'myid'), 'utf8').trim();
    return /^\d+$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function tryReadZooCfg(path: string): ZooCfg | undefined {
  try {
    return readZooCfg(path);
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
