import { CommandError, ExitCode } from '../exit.ts';
import type { HostPort } from './ask-word.ts';

const DEFAULT_HOST = 'localhost';
const DEFAULT_PORT = 2181;

/**
 * Servers as they are written on a command line: `a:2181,b:2181/chroot c`. The port is 2181 unless given, an IPv6 address
 * stands in brackets, a chroot is left out. `:2182` is a port of this machine, and none given means 2181 of it.
 *
 * @throws CommandError for a text that names no server.
 */
export function parseHosts(texts: readonly string[]): readonly HostPort[] {
  const names = texts
    .flatMap((text) => text.replace(/\/.*$/, '').split(','))
    .filter((name) => name !== '');
  if (names.length === 0) return [{ host: DEFAULT_HOST, port: DEFAULT_PORT }];
  return names.map(parseHost);
}

function parseHost(text: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:[\]]*))(?::(\d{1,5}))?$/.exec(text);
  const host = (match?.[1] ?? match?.[2]) === '' ? DEFAULT_HOST : (match?.[1] ?? match?.[2]);
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new CommandError(`${JSON.stringify(text)} is not a server`, {
      exitCode: ExitCode.badInvocation,
      remedy: 'Write host:port, and an IPv6 address in brackets: [::1]:2181.',
    });
  }
  return { host, port };
}
