/** Fixtures in the layout that the engine's ops take. */
import type { HostTensor } from './checkOp';
import { fixtureJson, fixtureTensors } from './fixtures';

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

type Stored = number[][] | { tensor: string };

interface LossesFile {
  cases: Record<string, { labels: number[]; student_logits: Stored; teacher_logits: Stored }>;
  losses: { case: string; loss: string; parameters: Record<string, number>; value: number; grad: Stored }[];
}

/** One objective on given logits, with its value and gradient. */
export interface LossFixture {
  title: string;
  loss: string;
  parameters: Record<string, number>;
  labels: number[];
  scored: number;
  student: HostTensor;
  teacher: HostTensor;
  value: number;
  gradient: Float32Array;
}

/** The entries of fixtures/losses.json for some objectives. */
export function lossFixtures(...names: string[]): LossFixture[] {
  const { cases, losses } = fixtureJson<LossesFile>('losses');
  const tensors = fixtureTensors('losses');
  const read = (stored: Stored): HostTensor =>
    Array.isArray(stored)
      ? { shape: [stored.length, stored[0]!.length], values: Float32Array.from(stored.flat()) }
      : tensors[stored.tensor]!;
  return losses
    .filter(({ loss }) => names.includes(loss))
    .map(({ case: name, loss, parameters, value, grad }) => {
      const { labels, student_logits, teacher_logits } = cases[name]!;
      return {
        title: `${loss} ${JSON.stringify(parameters)} on ${name}`,
        loss,
        parameters,
        labels,
        scored: labels.filter((label) => label >= 0).length,
        student: read(student_logits),
        teacher: read(teacher_logits),
        value,
        gradient: read(grad).values,
      };
    });
}

/** `wide_cross_entropy` of fixtures/operations: two rows of GPT-2's vocabulary. */
export function wideCrossEntropyFixture() {
  const { wide_cross_entropy: entry } = fixtureJson<{
    wide_cross_entropy: {
      labels: number[];
      per_row_loss: number[];
      mean_loss: number;
      grad_of_mean: { row: number; class: number; value: number }[];
      sum_of_squared_grad: number;
    };
  }>('operations');
  return { ...entry, logits: fixtureTensors('operations')['wide_cross_entropy.logits']! };
}
