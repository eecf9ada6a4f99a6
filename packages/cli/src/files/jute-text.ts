/**
 * Records as Apache's `toString` prints them.
 *
 *     string  'text with NUL LF CR , } % as %hh        bytes  #hex        vector  v{...}      record  s{...} inside of another
 *
 * Source: ToStringOutputArchive (CsvOutputArchive before 3.7). It prints bytes of 16 and more as they should be, smaller
 * ones with one digit, and negative ones sign-extended to eight: bytes here always have two.
 */

import { type Acl, decodeUtf8 } from '@zooid/protocol';

const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['\0', '%00'],
  ['\n', '%0A'],
  ['\r', '%0D'],
  [',', '%2C'],
  ['}', '%7D'],
  ['%', '%25'],
]);

/** `'text`. */
export function juteString(text: string): string {
  return `'${text.replace(/[\0\n\r,}%]/g, (character) => ESCAPED.get(character)!)}`;
}

/** `v{'a,'b}`. */
export function juteStrings(texts: readonly string[]): string {
  return `v{${texts.map(juteString).join(',')}}`;
}

/** One entry of an ACL where it stands alone: `31,s{'world,'anyone}`, and the newline that ends a record. */
export function juteAcl(acl: Acl): string {
  return `${acl.perms},s{${juteString(acl.scheme)},${juteString(acl.id)}}\n`;
}

/** An ACL as a Java list: `[31,s{'world,'anyone}\n, 1,s{...}\n]`. */
export function javaAclList(acls: readonly Acl[]): string {
  return `[${acls.map(juteAcl).join(', ')}]`;
}

/** An ACL inside of a record: `v{s{31,s{'world,'anyone}}}`. */
export function juteAcls(acls: readonly Acl[]): string {
  const entries = acls.map(
    ({ perms, scheme, id }) => `s{${perms},s{${juteString(scheme)},${juteString(id)}}}`,
  );
  return `v{${entries.join(',')}}`;
}

/** How data is printed. `auto`: as text where it is text, else in hex. */
export type DataForm = 'auto' | 'hex' | 'base64' | 'none';

/** Data for a person: text that can be printed, `#hex`, base64, or how long it is. Nothing for null or empty data. */
export function printData(data: Uint8Array | null, form: DataForm): string {
  if (data === null || data.byteLength === 0) return '';
  switch (form) {
    case 'auto':
      return printableText(data) ?? `#${hex(data)}`;
    case 'hex':
      return `#${hex(data)}`;
    case 'base64':
      return base64(data);
    case 'none':
      return `(${data.byteLength} bytes)`;
  }
}

/** The data as text; undefined if it is not UTF-8, or would move the cursor of a terminal. */
export function printableText(data: Uint8Array): string | undefined {
  for (const byte of data)
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return;
  const text = decodeUtf8(data, 0, data.byteLength);
  // DEL, the controls above it, and what stands for bytes that were no UTF-8.
  return /[\u007f-\u009f\ufffd]/.test(text) ? undefined : text;
}

export function base64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
}

function hex(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
}
