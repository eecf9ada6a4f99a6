// The files of a local ensemble: a directory for each member, with its zoo.cfg, its data and its log.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { CommandError, ExitCode } from '../exit.ts';

/** Where clients and servers of a local ensemble are. */
const HOST = '127.0.0.1';

/** A member before it runs. */
export interface MemberPlace {
  /** Its number, from 1. */
  readonly id: number;
  readonly directory: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly clientPort: number;
}

/**
 * Finds the ensemble in a directory, or lays out a new one.
 *
 * @param clientPort - of the first member, the others follow; undefined: free ports.
 * @throws CommandError when the directory holds another number of members, or something else.
 */
export async function layOut(
  directory: string,
  count: number,
  clientPort: number | undefined,
): Promise<readonly MemberPlace[]> {
  if (existsSync(join(directory, '1', 'zoo.cfg'))) return findMembers(directory, count);
  // For the ports between servers two each, and one for clients unless they are told.
  const free = await freePorts(3 * count);
  const clientPorts = free.splice(0, count);
  const places = clientPorts.map((port, index) =>
    placeOf(directory, index + 1, clientPort === undefined ? port : clientPort + index),
  );
  const members = places
    .map(({ id }) => `server.${id}=${HOST}:${free[2 * id - 2]}:${free[2 * id - 1]}`)
    .join('\n');
  for (const place of places) {
    const dataDir = join(place.directory, 'data');
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'myid'), `${place.id}\n`);
    writeFileSync(place.configFile, configOf(place, dataDir, members));
  }
  return places;
}

function configOf({ clientPort }: MemberPlace, dataDir: string, members: string): string {
  return `# Made by "zooid ensemble start". It is read again by the next start with this directory.
tickTime=1000
initLimit=10
syncLimit=5
dataDir=${dataDir}
clientPort=${clientPort}
clientPortAddress=${HOST}
admin.enableServer=false
4lw.commands.whitelist=*
${members}
`;
}

function findMembers(directory: string, count: number): readonly MemberPlace[] {
  const places: MemberPlace[] = [];
  for (let id = 1; existsSync(join(directory, `${id}`, 'zoo.cfg')); id++) {
    const text = readFileSync(join(directory, `${id}`, 'zoo.cfg'), 'utf8');
    const port = Number(/^clientPort=(\d+)$/m.exec(text)?.[1]);
    if (!Number.isInteger(port))
      throw new CommandError(`${directory}/${id}/zoo.cfg has no clientPort`);
    places.push(placeOf(directory, id, port));
  }
  if (places.length !== count)
    throw new CommandError(`${directory} holds an ensemble of ${places.length}, not of ${count}`, {
      exitCode: ExitCode.badInvocation,
      remedy: `Use --servers ${places.length}, or another directory.`,
    });
  return places;
}

function placeOf(root: string, id: number, clientPort: number): MemberPlace {
  const directory = join(root, `${id}`);
  return {
    id,
    directory,
    configFile: join(directory, 'zoo.cfg'),
    logFile: join(directory, 'log'),
    clientPort,
  };
}

/** Ports that nobody has at the moment, each once. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, HOST, () => resolve(server));
  });
}

/** `127.0.0.1:port,...`, as clients take it. */
export function connectStringOf(places: readonly MemberPlace[]): string {
  return places.map(({ clientPort }) => `${HOST}:${clientPort}`).join(',');
}
