import { assert } from '../assert.ts';
import { MEMORY_BLOCK_BYTES, SpareMemory } from './spare-memory.ts';

/**
 * Byte strings outside of the JS heap: a slab allocator.
 *
 * Regions of 1 MB are cut into slabs of 64 KB. A slab holds slots of one size; the sizes go in steps of 16
 * bytes up to 1 KB and then as 64 KB divided by whole numbers up to 32 KB, so that at most 15 bytes or about
 * a quarter of a slot stay unused. What is larger owns its buffer. An empty slab serves any size, and
 * regions with nothing in them go back to the system, all but one: after churn no memory is stuck.
 * The first region begins with four slabs and doubles, for most trees are small.
 *
 *     handle >= 0   slab << 12 | offset in the slab / 16        (2^19 slabs: 32 GB)
 *     handle <  0   ~number of a buffer of its own
 */

/** Longest string that lives in a slab. */
const SLOT_BYTES_MAX = 32_768;
const SLAB_BYTES = 65_536;
const REGION_BYTES = MEMORY_BLOCK_BYTES;
const SLABS_PER_REGION = 16;
const FIRST_REGION_BYTES = 4 * SLAB_BYTES;
const SLABS_MAX = 1 << 19;
/** Ends a list of slots, which are numbered from 0 to 4095 by their offset / 16. */
const NO_SLOT = 0xffff;

/** Slot sizes, ascending. */
const slotSizes: Int32Array = makeSlotSizes();
/** By `(bytes + 15) / 16`: the smallest class whose slots hold that many bytes. */
const classOfSixteenths: Uint8Array = makeClasses();

function makeSlotSizes(): Int32Array {
  const sizes: number[] = [];
  for (let size = 16; size <= 1024; size += 16) sizes.push(size);
  const slots = [56, 48, 42, 36, 32, 28, 24, 21, 18, 16, 14, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2];
  for (const count of slots) sizes.push((SLAB_BYTES / count) & ~15);
  return Int32Array.from(sizes);
}

function makeClasses(): Uint8Array {
  const classes = new Uint8Array(SLOT_BYTES_MAX / 16 + 1);
  let slotClass = 0;
  for (let sixteenths = 0; sixteenths < classes.length; sixteenths++) {
    if (sixteenths * 16 > slotSizes[slotClass]!) slotClass++;
    classes[sixteenths] = slotClass;
  }
  return classes;
}

/**
 * Holds byte strings under int32 handles. Whoever owns a handle remembers its length, and asks again where its bytes are
 * when something was allocated since.
 */
export class ByteArena {
  /** Bytes of slots and buffers handed out; each rounded up to its slot. */
  usedBytes = 0;

  // By region; undefined where one was given back.
  readonly #regions: (Uint8Array | undefined)[] = [];
  /** The same memory, for comparing names. */
  readonly #words: (Int32Array | undefined)[] = [];
  /** The same memory, for copying data. */
  readonly #views: (DataView | undefined)[] = [];
  /** The same memory, for the links between free slots. */
  readonly #links: (Uint16Array | undefined)[] = [];
  /** By region: slabs in use. */
  readonly #regionSlabs: number[] = [];
  /** Regions given back, whose numbers are free. */
  readonly #goneRegions: number[] = [];
  #emptyRegions = 0;

  // By slab.
  #slabClass: Uint8Array = new Uint8Array(64);
  /** Slots in use. */
  #slabUsed: Uint16Array = new Uint16Array(64);
  /** First free slot of those that were used before. */
  #slabFree: Uint16Array = new Uint16Array(64);
  /** First slot never used, as its offset / 16; behind the last slot, when there is none. */
  #slabFresh: Uint16Array = new Uint16Array(64);
  /** Neighbours in the list of slabs of one class with room, or in the list of empty slabs. */
  #slabNext: Int32Array = new Int32Array(64);
  #slabPrev: Int32Array = new Int32Array(64);

  /** By class: a slab with room, or -1. */
  readonly #roomy: Int32Array = new Int32Array(slotSizes.length).fill(-1);
  #firstEmpty = -1;

  /** Strings too long for a slab. */
  readonly #buffers: (Uint8Array | undefined)[] = [];
  readonly #bufferWords: (Int32Array | undefined)[] = [];
  readonly #freeBuffers: number[] = [];

  readonly #memory: SpareMemory;

  constructor(memory: SpareMemory = new SpareMemory()) {
    this.#memory = memory;
  }

  /** Bytes that the arena has from the system now. */
  get reservedBytes(): number {
    let bytes = 0;
    for (const region of this.#regions) bytes += region?.byteLength ?? 0;
    for (const buffer of this.#buffers) bytes += buffer?.byteLength ?? 0;
    return bytes;
  }

  /** Where the bytes of `handle` are until the next {@link allocate}: this array, from {@link offset} on. */
  bytes(handle: number): Uint8Array {
    return handle >= 0 ? this.#regions[handle >>> 16]! : this.#buffers[~handle]!;
  }

  /** The same memory as {@link bytes}, by words of four bytes in the machine's order. */
  words(handle: number): Int32Array {
    return handle >= 0 ? this.#words[handle >>> 16]! : this.#bufferWords[~handle]!;
  }

  /** The same memory as {@link bytes}. */
  view(handle: number): DataView {
    if (handle >= 0) return this.#views[handle >>> 16]!;
    return new DataView(this.#buffers[~handle]!.buffer);
  }

  /** A multiple of 16. */
  offset(handle: number): number {
    return handle >= 0 ? (handle & 0xffff) << 4 : 0;
  }

  /**
   * Room for `length` bytes, whose content is undefined.
   *
   * @throws RangeError when there are 32 GB of short strings already, or the system has no memory.
   */
  allocate(length: number): number {
    if (length > SLOT_BYTES_MAX) return this.#allocateBuffer(length);
    const slotClass = classOfSixteenths[(length + 15) >>> 4]!;
    let slab = this.#roomy[slotClass]!;
    if (slab < 0) slab = this.#dedicate(slotClass);
    const slotSixteenths = slotSizes[slotClass]! >>> 4;
    let slot = this.#slabFree[slab]!;
    if (slot !== NO_SLOT) {
      this.#slabFree[slab] = this.#links[slab >>> 4]![linkIndex(slab, slot)]!;
    } else {
      slot = this.#slabFresh[slab]!;
      this.#slabFresh[slab] = slot + slotSixteenths;
    }
    this.#slabUsed[slab]!++;
    this.usedBytes += slotSixteenths << 4;
    if (this.#slabFree[slab] === NO_SLOT && this.#slabFresh[slab]! + slotSixteenths > 4096) {
      this.#unlink(slab, slotClass);
    }
    return (slab << 12) | slot;
  }

  /** Gives back what {@link allocate} returned for `length`. */
  free(handle: number, length: number): void {
    if (handle < 0) {
      this.usedBytes -= length;
      this.#buffers[~handle] = undefined;
      this.#bufferWords[~handle] = undefined;
      this.#freeBuffers.push(~handle);
      return;
    }
    const slab = handle >>> 12;
    const slot = handle & 0xfff;
    const slotClass = this.#slabClass[slab]!;
    const slotSixteenths = slotSizes[slotClass]! >>> 4;
    assert(
      classOfSixteenths[(length + 15) >>> 4] === slotClass,
      'bytes are freed with their own length',
    );
    const wasFull =
      this.#slabFree[slab] === NO_SLOT && this.#slabFresh[slab]! + slotSixteenths > 4096;
    this.usedBytes -= slotSixteenths << 4;
    this.#links[slab >>> 4]![linkIndex(slab, slot)] = this.#slabFree[slab]!;
    this.#slabFree[slab] = slot;
    const used = --this.#slabUsed[slab]!;
    if (wasFull) this.#link(slab, slotClass);
    if (used === 0) this.#retire(slab, slotClass);
  }

  /** Whether a string of `to` bytes fits into the room that was allocated for `from` bytes, and no other. */
  isSameRoom(from: number, to: number): boolean {
    if (from > SLOT_BYTES_MAX || to > SLOT_BYTES_MAX) return from === to;
    return classOfSixteenths[(from + 15) >>> 4] === classOfSixteenths[(to + 15) >>> 4];
  }

  /** Forgets everything and gives all memory back. */
  clear(): void {
    this.usedBytes = 0;
    this.#regions.length = 0;
    this.#words.length = 0;
    this.#views.length = 0;
    this.#links.length = 0;
    this.#regionSlabs.length = 0;
    this.#goneRegions.length = 0;
    this.#emptyRegions = 0;
    this.#roomy.fill(-1);
    this.#firstEmpty = -1;
    this.#buffers.length = 0;
    this.#bufferWords.length = 0;
    this.#freeBuffers.length = 0;
  }

  #allocateBuffer(length: number): number {
    const buffer = new ArrayBuffer((length + 3) & ~3);
    const number = this.#freeBuffers.pop() ?? this.#buffers.length;
    this.#buffers[number] = new Uint8Array(buffer);
    this.#bufferWords[number] = new Int32Array(buffer);
    this.usedBytes += length;
    return ~number;
  }

  /** Makes an empty slab one of this class, first in its list. */
  #dedicate(slotClass: number): number {
    if (this.#firstEmpty < 0 && !this.#growFirstRegion()) this.#addRegion();
    const slab = this.#firstEmpty;
    this.#unlink(slab, -1);
    const region = slab >>> 4;
    if (this.#regionSlabs[region]!++ === 0) this.#emptyRegions--;
    this.#slabClass[slab] = slotClass;
    this.#slabUsed[slab] = 0;
    this.#slabFree[slab] = NO_SLOT;
    this.#slabFresh[slab] = 0;
    this.#link(slab, slotClass);
    return slab;
  }

  /** Takes a slab without slots in use out of its class. */
  #retire(slab: number, slotClass: number): void {
    this.#unlink(slab, slotClass);
    this.#link(slab, -1);
    const region = slab >>> 4;
    if (--this.#regionSlabs[region]! > 0) return;
    if (++this.#emptyRegions < 2) return;
    this.#emptyRegions--;
    const slabs = this.#regions[region]!.byteLength / SLAB_BYTES;
    for (let i = 0; i < slabs; i++) this.#unlink(region * SLABS_PER_REGION + i, -1);
    this.#regions[region] = undefined;
    this.#words[region] = undefined;
    this.#views[region] = undefined;
    this.#links[region] = undefined;
    this.#goneRegions.push(region);
  }

  #addRegion(): void {
    const region = this.#goneRegions.pop() ?? this.#regions.length;
    const lastSlab = region * SLABS_PER_REGION + SLABS_PER_REGION - 1;
    if (lastSlab >= SLABS_MAX)
      throw new RangeError('the arena of short byte strings is full (32 GB)');
    while (lastSlab >= this.#slabClass.length) this.#growSlabs();
    this.#regionSlabs[region] = 0;
    this.#emptyRegions++;
    const memory = region === 0 ? new ArrayBuffer(FIRST_REGION_BYTES) : this.#memory.take();
    this.#putMemory(region, memory, 0);
  }

  /** Makes the first region, which has no empty slab, twice as large. @returns false when it is as large as others. */
  #growFirstRegion(): boolean {
    const region = this.#regions[0];
    if (region === undefined || region.byteLength === REGION_BYTES) return false;
    const bytes = 2 * region.byteLength;
    const memory = bytes === REGION_BYTES ? this.#memory.take() : new ArrayBuffer(bytes);
    new Uint8Array(memory).set(region);
    this.#putMemory(0, memory, region.byteLength / SLAB_BYTES);
    return true;
  }

  /** The memory of a region is this; its slabs from `firstEmpty` on are empty. */
  #putMemory(region: number, memory: ArrayBuffer, firstEmpty: number): void {
    this.#regions[region] = new Uint8Array(memory);
    this.#words[region] = new Int32Array(memory);
    this.#views[region] = new DataView(memory);
    this.#links[region] = new Uint16Array(memory);
    const first = region * SLABS_PER_REGION;
    for (let i = memory.byteLength / SLAB_BYTES - 1; i >= firstEmpty; i--)
      this.#link(first + i, -1);
  }

  #growSlabs(): void {
    const count = this.#slabClass.length * 2;
    const slabClass = new Uint8Array(count);
    slabClass.set(this.#slabClass);
    this.#slabClass = slabClass;
    this.#slabUsed = grown16(this.#slabUsed, count);
    this.#slabFree = grown16(this.#slabFree, count);
    this.#slabFresh = grown16(this.#slabFresh, count);
    this.#slabNext = grown32(this.#slabNext, count);
    this.#slabPrev = grown32(this.#slabPrev, count);
  }

  /** Puts a slab first into the list of its class, or of the empty slabs when the class is -1. */
  #link(slab: number, slotClass: number): void {
    const first = slotClass < 0 ? this.#firstEmpty : this.#roomy[slotClass]!;
    this.#slabNext[slab] = first;
    this.#slabPrev[slab] = -1;
    if (first >= 0) this.#slabPrev[first] = slab;
    this.#setFirst(slotClass, slab);
  }

  #unlink(slab: number, slotClass: number): void {
    const next = this.#slabNext[slab]!;
    const prev = this.#slabPrev[slab]!;
    if (next >= 0) this.#slabPrev[next] = prev;
    if (prev >= 0) this.#slabNext[prev] = next;
    else this.#setFirst(slotClass, next);
  }

  #setFirst(slotClass: number, slab: number): void {
    if (slotClass < 0) this.#firstEmpty = slab;
    else this.#roomy[slotClass] = slab;
  }
}

/** Where the link of a free slot is in the region's 16-bit view: its first two bytes. */
function linkIndex(slab: number, slot: number): number {
  return ((slab & (SLABS_PER_REGION - 1)) << 15) | (slot << 3);
}

function grown16(old: Uint16Array, count: number): Uint16Array {
  const grown = new Uint16Array(count);
  grown.set(old);
  return grown;
}

function grown32(old: Int32Array, count: number): Int32Array {
  const grown = new Int32Array(count);
  grown.set(old);
  return grown;
}
