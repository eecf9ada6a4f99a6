/**
 * Values as Java prints them: what monitoring scripts have parsed for fifteen years.
 */

/** `Long.toHexString`: two's complement of 64 bits, no leading zeros. */
export function javaHex(value: number | bigint): string {
  return BigInt.asUintN(64, BigInt(value)).toString(16);
}

/** `Double.toString` for values that counters have: `0.0`, `2.0769`, `1.5E7`. */
export function javaDouble(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e7 && Number.isFinite(value)) {
    const [mantissa = '', exponent = ''] = value.toExponential().split('e+');
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent}`;
  }
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/**
 * `InetAddress.getHostAddress`: IPv6 in eight groups without `::`, an IPv4 address that came through an IPv6 socket
 * as IPv4.
 */
export function javaAddress(address: string): string {
  if (!address.includes(':')) return address;
  const zoneAt = address.indexOf('%');
  const zone = zoneAt < 0 ? '' : address.slice(zoneAt);
  const bare = zoneAt < 0 ? address : address.slice(0, zoneAt);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare);
  if (mapped) return mapped[1]!;
  const [head = '', tail] = bare.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...new Array<string>(zeros).fill('0'), ...after];
  return groups.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':') + zone;
}

/** Address and port as in a URL: IPv6 in brackets. */
export function javaSocketAddress(address: string, port: number): string {
  const host = javaAddress(address);
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Made when it is first needed: it takes 12 ms of a start. */
let datePartsFormat: Intl.DateTimeFormat | undefined;

function newDatePartsFormat(): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    weekday: 'short',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    year: 'numeric',
    timeZoneName: 'short',
  });
}

/** `Date.toString` in the time zone of the process: `Fri Nov 20 16:17:40 UTC 2026`. */
export function javaDate(wallMs: number): string {
  datePartsFormat ??= newDatePartsFormat();
  const parts: Record<string, string> = {};
  for (const { type, value } of datePartsFormat.formatToParts(wallMs)) parts[type] = value;
  const { weekday, month, day, hour, minute, second, timeZoneName, year } = parts;
  return `${weekday} ${month} ${day} ${hour}:${minute}:${second} ${timeZoneName} ${year}`;
}
