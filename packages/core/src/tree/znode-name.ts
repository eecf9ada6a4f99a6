import { FLAG_CHILDREN_UNDIGESTED, FLAG_LIVE, FLAG_UNDIGESTED } from './row.ts';

const zookeeperName = Uint8Array.from('zookeeper', (character) => character.charCodeAt(0));

/** FLAGS of a child to be, but for its kind. `[start, start + length)` of `bytes` is its name. */
export function childFlags(
  parentRow: number,
  parentFlags: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  if ((parentFlags & FLAG_CHILDREN_UNDIGESTED) !== 0) {
    return FLAG_LIVE | FLAG_UNDIGESTED | FLAG_CHILDREN_UNDIGESTED;
  }
  return parentRow === 0 && isZookeeper(bytes, start, length)
    ? FLAG_LIVE | FLAG_CHILDREN_UNDIGESTED
    : FLAG_LIVE;
}

/** Length in UTF-16 units of `[start, end)`, which is UTF-8. */
export function utf16Length(bytes: Uint8Array, start: number, end: number): number {
  let units = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

function isZookeeper(name: Uint8Array, start: number, length: number): boolean {
  if (length !== zookeeperName.length) return false;
  for (let i = 0; i < length; i++) if (name[start + i] !== zookeeperName[i]) return false;
  return true;
}
