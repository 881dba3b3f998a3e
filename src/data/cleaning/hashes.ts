/**
 * 64-bit hashes of texts, and a set of them in bounded memory. Among n different texts the odds that any two share a
 * hash are about n^2 / 2^65: 1 in 340,000 for ten million. A collision drops one clean sample.
 */

/** The two halves of a hash. */
export type Hash64 = [low: number, high: number];

/** Two lanes of multiply and xor over the UTF-16 units, each with its own constants, mixed into each other at the end. */
export function hash64(text: string, into: Hash64): Hash64 {
  let a = 0xdeadbeef ^ text.length;
  let b = 0x41c6ce57 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b ^ unit, 0x5f356495);
    b ^= b >>> 13;
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  into[0] = (a ^ (a >>> 16)) >>> 0;
  into[1] = (b ^ (b >>> 16)) >>> 0;
  return into;
}

const FILL = 0.8;

/** Open addressing with linear probing; the zero hash stands for an empty slot, and is stored as 1. */
class Table {
  size = 0;
  private slots: Uint32Array;

  constructor(private capacity: number) {
    this.slots = new Uint32Array(2 * capacity);
  }

  /** Where the hash is, or the empty slot where it belongs. */
  private find(low: number, high: number): number {
    const mask = this.capacity - 1;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const l = this.slots[2 * at]!;
      const h = this.slots[2 * at + 1]!;
      if ((l === low && h === high) || (l === 0 && h === 0)) return 2 * at;
    }
  }

  has(low: number, high: number): boolean {
    const at = this.find(low, high);
    return this.slots[at] !== 0 || this.slots[at + 1] !== 0;
  }

  /** For a hash that is not in it. */
  add(low: number, high: number): void {
    if (this.size >= FILL * this.capacity) this.grow();
    const at = this.find(low, high);
    this.slots[at] = low;
    this.slots[at + 1] = high;
    this.size++;
  }

  private grow(): void {
    const old = this.slots;
    this.capacity *= 2;
    this.slots = new Uint32Array(2 * this.capacity);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0 && old[i + 1] === 0) continue;
      const at = this.find(old[i]!, old[i + 1]!);
      this.slots[at] = old[i]!;
      this.slots[at + 1] = old[i + 1]!;
    }
  }
}

/** 32 MiB a generation. */
export const MOST_SLOTS = 1 << 22;

/**
 * The hashes seen so far. It holds two generations; when the young one is full (3.4 million hashes) the old one is
 * forgotten, so that the set never takes more than 64 MiB and always knows at least the last 3.4 million.
 */
export class HashSet64 {
  /** Hashes that had to be forgotten. */
  forgotten = 0;
  private young = new Table(1024);
  private old: Table | undefined;

  constructor(private readonly mostSlots = MOST_SLOTS) {}

  has([low, high]: Hash64): boolean {
    const stored = low === 0 && high === 0 ? 1 : low;
    return this.young.has(stored, high) || this.old?.has(stored, high) === true;
  }

  /** Says whether the hash is new, and keeps it. */
  add(hash: Hash64): boolean {
    if (this.has(hash)) return false;
    if (this.young.size + 1 > FILL * this.mostSlots) {
      this.forgotten += this.old?.size ?? 0;
      this.old = this.young;
      this.young = new Table(1024);
    }
    const [low, high] = hash;
    this.young.add(low === 0 && high === 0 ? 1 : low, high);
    return true;
  }
}
