/**
 * The payload of a queue's znode in Curator's format.
 *
 *     version int 0x00010001 · for each item: 0x01 · length int · bytes · end 0x02
 *
 * Integers are big-endian. Source: org.apache.curator.framework.recipes.queue.ItemSerializer.
 */

const VERSION = 0x00010001;
const ITEM = 0x01;
const END = 0x02;
const VERSION_BYTES = 4;
const ITEM_HEAD_BYTES = 5;

/** One znode's payload for so many items, which may be none. */
export function encodeItems(items: readonly Uint8Array[]): Uint8Array {
  let byteLength = VERSION_BYTES + 1;
  for (const item of items) byteLength += ITEM_HEAD_BYTES + item.byteLength;
  const bytes = new Uint8Array(byteLength);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, VERSION);
  let at = VERSION_BYTES;
  for (const item of items) {
    view.setUint8(at, ITEM);
    view.setInt32(at + 1, item.byteLength);
    bytes.set(item, at + ITEM_HEAD_BYTES);
    at += ITEM_HEAD_BYTES + item.byteLength;
  }
  view.setUint8(at, END);
  return bytes;
}

/** The items of a payload: views of it. What follows the end is ignored, as by Curator. @throws RangeError when it is not of this format. */
export function decodeItems(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getInt32(0);
  if (version !== VERSION) {
    throw new RangeError(`version 0x${version.toString(16)}, expected 0x${VERSION.toString(16)}`);
  }
  const items: Uint8Array[] = [];
  let at = VERSION_BYTES;
  for (;;) {
    const code = view.getUint8(at);
    if (code === END) return items;
    if (code !== ITEM) throw new RangeError(`code ${code} at byte ${at}, expected ${ITEM}`);
    const length = view.getInt32(at + 1);
    const start = at + ITEM_HEAD_BYTES;
    if (length < 0 || start + length > bytes.byteLength) {
      throw new RangeError(`length ${length} at byte ${at + 1} of ${bytes.byteLength}`);
    }
    items.push(bytes.subarray(start, start + length));
    at = start + length;
  }
}
