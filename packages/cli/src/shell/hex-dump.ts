const RULE = '+-------------------------------------------------+';
const HEAD = `         ${RULE}
         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |
+--------${RULE}----------------+`;

/** Bytes in sixteens, as hexadecimal digits and as characters: Netty's `prettyHexDump`, which Apache's shell prints. */
export function hexDump(bytes: Uint8Array): string {
  if (bytes.length === 0) return '';
  const lines = [HEAD];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const digits = row.map((byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('');
    const chars = row.map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : '.'));
    const offset = at.toString(16).padStart(8, '0');
    lines.push(`|${offset}|${digits.padEnd(48)} |${chars.join('').padEnd(16)}|`);
  }
  lines.push(`+--------${RULE}----------------+`);
  return lines.join('\n');
}
