/** Seeded values for tests: the same on every machine. */

/** Uniform in [low, high), from a 32-bit xorshift. */
export function randomValues(size: number, seed: number, low = -1, high = 1): Float32Array<ArrayBuffer> {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return Float32Array.from({ length: size }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return low + ((state >>> 0) / 2 ** 32) * (high - low);
  });
}
