/** Fixtures in the layout that the engine's ops take. */
import { fixtureTensors } from './fixtures';

/** Copies [B, H, T, D] into column block `part` of `parts` of [B*T, parts * H * D]. */
function pack(
  values: Float32Array,
  shape: readonly number[],
  target: Float32Array,
  part: number,
  parts: number,
) {
  const [B, H, T, D] = shape as [number, number, number, number];
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++)
      for (let t = 0; t < T; t++) {
        const from = ((b * H + h) * T + t) * D;
        target.set(values.subarray(from, from + D), ((b * T + t) * parts + part) * H * D + h * D);
      }
}

/** `causal_attention` of fixtures/operations with q, k, v packed as [B*T, 3C]. */
export function attentionFixture() {
  const tensors = fixtureTensors('operations');
  const of = (name: string) => tensors[`causal_attention.${name}`]!;
  const { shape } = of('q');
  const [batch, heads, length, size] = shape as [number, number, number, number];
  const packed = (names: string[]) => {
    const values = new Float32Array(batch * length * names.length * heads * size);
    names.forEach((name, part) => pack(of(name).values, shape, values, part, names.length));
    return values;
  };
  return {
    layout: { batch, length, heads, causal: true },
    qkv: { shape: [batch * length, 3 * heads * size], values: packed(['q', 'k', 'v']) },
    upstream: packed(['upstream']),
    output: packed(['output']),
    gradient: packed(['grad.q', 'grad.k', 'grad.v']),
  };
}
