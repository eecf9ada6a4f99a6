/**
 * Bytes of an address, 4 or 16; undefined when the text is neither an IPv4 address of four decimal
 * parts nor an IPv6 address of hexadecimal groups, of which one `::` may stand for several zero groups.
 *
 * Source: IPAuthenticationProvider of 3.9.4 (before, no IPv6).
 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.includes(':')) return parseV6(text);
  return parseV4(text);
}

/**
 * Whether `address` lies in `network`, an address with or without `/bits`. False when either is
 * malformed or one is IPv4 and the other IPv6.
 */
export function isInNetwork(address: string, network: string): boolean {
  const parsed = parseNetwork(network);
  const remote = parsed === undefined ? undefined : parseAddress(address);
  if (parsed === undefined || remote === undefined) return false;
  const { bytes, bits } = parsed;
  if (remote.byteLength !== bytes.byteLength) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (remote[i] !== bytes[i]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return (remote[whole]! & mask) === (bytes[whole]! & mask);
}

/** Address and prefix length of `address` or `address/bits`; undefined when malformed. */
export function parseNetwork(
  text: string,
): { readonly bytes: Uint8Array; readonly bits: number } | undefined {
  const slash = text.indexOf('/');
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (bytes === undefined) return undefined;
  const bitsMax = bytes.byteLength * 8;
  const bits = slash < 0 ? bitsMax : parseJavaInt(text.slice(slash + 1));
  if (bits === undefined || bits < 0 || bits > bitsMax) return undefined;
  return { bytes, bits };
}

/**
 * A remote address, as the operating system gives it, in the form that Java gives it: IPv6 in eight
 * groups without `::`, IPv4 inside of IPv6 as plain IPv4. Ids of the scheme `ip` have this form, and
 * clients see it. Text that is no address comes back as it is.
 *
 * Source: InetAddress.getHostAddress.
 */
export function hostAddress(address: string): string {
  if (!address.includes(':')) return address;
  const percent = address.indexOf('%');
  const scope = percent < 0 ? '' : address.slice(percent);
  let plain = percent < 0 ? address : address.slice(0, percent);

  const dot = plain.indexOf('.');
  if (dot >= 0) {
    const colon = plain.lastIndexOf(':');
    const v4 = parseV4(plain.slice(colon + 1));
    if (v4 === undefined) return address;
    const group = (at: number) => ((v4[at]! << 8) | v4[at + 1]!).toString(16);
    plain = `${plain.slice(0, colon + 1)}${group(0)}:${group(2)}`;
  }

  const bytes = parseV6(plain);
  if (bytes === undefined) return address;
  const isMapped = bytes.every((byte, i) => i >= 12 || byte === (i >= 10 ? 0xff : 0));
  if (isMapped) return bytes.subarray(12).join('.');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16));
  return groups.join(':') + scope;
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    const value = parseJavaInt(part);
    if (value === undefined || value < 0 || value > 255) return undefined;
    bytes[i] = value;
  }
  return bytes;
}

function parseV6(text: string): Uint8Array | undefined {
  const parts = text.split('::');
  if (parts.length > 2) return undefined;
  const before = splitGroups(parts[0]!);
  const after = splitGroups(parts[1] ?? '');
  const count = before.length + after.length;
  if (parts.length === 1 ? count !== 8 : count >= 8) return undefined;
  const bytes = new Uint8Array(16);
  if (!writeGroups(bytes, 0, before)) return undefined;
  if (!writeGroups(bytes, 16 - after.length * 2, after)) return undefined;
  return bytes;
}

function splitGroups(text: string): string[] {
  return text === '' ? [] : text.split(':');
}

function writeGroups(bytes: Uint8Array, start: number, groups: readonly string[]): boolean {
  let at = start;
  for (const group of groups) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return false;
    const value = Number.parseInt(group, 16);
    bytes[at++] = value >> 8;
    bytes[at++] = value;
  }
  return true;
}

/** As Integer.parseInt: an optional sign and digits, nothing else. */
function parseJavaInt(text: string): number | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = Number(text);
  return value >= -0x8000_0000 && value <= 0x7fff_ffff ? value : undefined;
}
