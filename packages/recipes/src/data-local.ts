import { networkInterfaces } from 'node:os';

let address: string | undefined;

/**
 * What a znode of a recipe holds unless told otherwise: the address of this machine as text, as Curator has it, so that whoever looks
 * at a lock sees where its holder is. The first IPv4 address that others can reach, `127.0.0.1` where there is none.
 *
 * @returns the caller's own copy.
 */
export function defaultData(): Uint8Array {
  address ??= findAddress();
  return new TextEncoder().encode(address);
}

function findAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { family, internal, address } of addresses ?? []) {
      if (family === 'IPv4' && !internal) return address;
    }
  }
  return '127.0.0.1';
}
