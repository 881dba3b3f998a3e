/**
 * RAIL-KD: besides text and teacher's distribution, match what the layers in between make of the text. Every epoch
 * as many teacher layers as the student has intermediate ones are drawn, sorted, and paired in order.
 *   L = λ₁ CE(y, z_s) + λ₂ T² KL(p_t ‖ p_s) + λ₃ Σ_i ‖u(s̄_i Ws_i + bs_i) − u(t̄_i Wt_i + bt_i)‖²
 * s̄_i and t̄_i are means over the tokens of a row that are not padding, u(v) = v / ‖v‖, and the distance is a mean
 * over rows. Concatenated: one pair of maps for all layers of a side, one after the other.
 * Source: "RAIL-KD: RAndom Intermediate Layer Mapping for Knowledge Distillation", arXiv:2109.10164, equations 1
 * to 6.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import type { TokenTensors } from '../engine/ops/embedding';
import { linear } from '../engine/ops/linear';
import { crossEntropy, klDivergence } from '../engine/ops/rowTerms';
import { tokenLoss } from '../engine/ops/tokenLoss';
import { createParameter, tieToTape, type Parameter } from '../engine/parameter';
import { RecipeError } from '../errors';
import type { RandomStream } from '../random';
import { defineMethod, type ExtraContext } from './method';
import { distillationSettings } from './vanillaKd';

/** Sorted teacher layers, the i-th for the i-th student layer. */
type LayerMap = readonly number[];

const weight = (term: string, symbol: string, label: string, hint: string) =>
  ({
    kind: 'number',
    label,
    symbol,
    weighs: { term },
    default: 1 / 3,
    min: 0,
    max: 1,
    step: 0.01,
    hint,
    source: 'arXiv:2109.10164, section 4 (equal weights)',
  }) as const;

/** Means over the tokens of each row that are not padding. hidden [B T, C] -> [B, C] */
export function meanOverTokens(
  hidden: Tensor2D,
  { batch, length, lengths }: Pick<TokenTensors, 'batch' | 'length' | 'lengths'>,
): Tensor2D {
  const perRow = tf.reshape(hidden, [batch, length, hidden.shape[1]]);
  if (!lengths) return tf.mean<Tensor2D>(perRow, 1);
  const column = tf.reshape(lengths, [batch, 1]);
  const real = tf.cast(tf.less(tf.reshape(tf.range(0, length, 1, 'int32'), [1, length]), column), 'float32');
  const share = tf.div(real, tf.cast(column, 'float32')); // [B, T]
  return tf.sum<Tensor2D>(tf.mul(perRow, tf.expandDims(share, 2)), 1);
}

/** v / max(‖v‖, 1e-12), row by row. */
function unit(v: Tensor2D): Tensor2D {
  const squares = tf.sum(tf.square(v), 1, true);
  return tf.mul(v, tf.rsqrt(tf.maximum(squares, 1e-24)));
}

/**
 * The distance between pooled layers of student and teacher, [B, C] each, under the maps in `extra`
 * (`student.<i>.weight`, …; one of each where they are concatenated). -> scalar, the mean over rows
 */
export function railDistance(
  student: readonly Tensor2D[],
  teacher: readonly Tensor2D[],
  extra: Readonly<Record<string, Parameter>>,
  form: string,
): Scalar {
  const joined = form === 'concatenated';
  const pairs = joined
    ? [[tf.concat2d([...student], 1), tf.concat2d([...teacher], 1)] as const]
    : student.map((s, i) => [s, teacher[i]!] as const);
  const project = (side: 'student' | 'teacher', i: number, x: Tensor2D) =>
    unit(linear(x, extra[`${side}.${i}.weight`]!, extra[`${side}.${i}.bias`]!));
  const distances = pairs.map(([s, t], i) =>
    // What the teacher makes of the text is constant, and its maps are trained all the same.
    tf.sum(tf.squaredDifference(project('student', i, s), project('teacher', i, tieToTape(t)))),
  );
  const sum = distances.reduce((a, b) => tf.add(a, b)) as Scalar;
  return tf.div<Scalar>(sum, student[0]!.shape[0]);
}

/** How many pairs there are: the student's blocks but the last. Throws RecipeError when there can be none. */
function pairCount({ student, teacher }: Pick<ExtraContext, 'student' | 'teacher'>): number {
  const pairs = student.config.nLayer - 1;
  const available = (teacher?.config.nLayer ?? 0) - 1;
  if (pairs < 1 || pairs > available) {
    throw new RecipeError(
      `RAIL-KD cannot pair a student of ${student.config.nLayer} layers with a teacher of ${available + 1}`,
      'It needs a student of at least 2 layers and a teacher of at least as many.',
    );
  }
  return pairs;
}

/** Two maps a pair, initialised as PyTorch's linear layer: uniform in ±1 / √inputs. */
function createMaps(context: ExtraContext, width: number, form: string): Record<string, Parameter> {
  const { student, teacher, random } = context;
  const pairs = pairCount(context);
  const [count, layers] = form === 'concatenated' ? [1, pairs] : [pairs, 1];
  const maps: Record<string, Parameter> = {};
  for (const [side, { config }] of Object.entries({ student, teacher: teacher! })) {
    const inputs = config.nEmbd * layers;
    const fill = (size: number) =>
      Float32Array.from({ length: size }, () => (2 * random.uniform() - 1) / Math.sqrt(inputs));
    for (let i = 0; i < count; i++) {
      const make = (kind: string, shape: number[]) => {
        const name = `${side}.${i}.${kind}`;
        const size = shape.reduce((a, b) => a * b, 1);
        maps[name] = createParameter(name, shape, fill(size));
      };
      make('weight', [inputs, width]);
      make('bias', [width]);
    }
  }
  return maps;
}

/** Distinct layers of the teacher's blocks but the last, sorted. */
function drawLayers(context: ExtraContext, random: RandomStream): LayerMap {
  const pairs = pairCount(context);
  return [...random.permutation(context.teacher!.config.nLayer - 1).slice(0, pairs)].sort((a, b) => a - b);
}

export const railKd = defineMethod({
  id: 'rail-kd',
  label: 'RAIL-KD',
  summary: 'The student’s inner layers imitate teacher layers that are drawn anew every epoch.',
  paper: { label: 'Haidar et al. 2022, equations 1 to 6', url: 'https://arxiv.org/abs/2109.10164' },
  formula: 'L = λ₁ CE(y, z_s) + λ₂ T² KL(p_t ‖ p_s) + λ₃ Σᵢ ‖u(s̄ᵢ Wsᵢ) − u(t̄ᵢ Wtᵢ)‖²',
  where:
    's̄ᵢ and t̄ᵢ are mean hidden states of the i-th student layer and the teacher layer drawn for it, W trained maps, u(v) = v / ‖v‖',
  terms: [
    { id: 'hard', label: 'hard, CE' },
    { id: 'soft', label: 'soft, T² KL' },
    { id: 'rail', label: 'inner layers' },
  ],
  settings: {
    hardWeight: weight('hard', 'λ₁', 'Weight of the hard loss', 'Higher: listen to the text more.'),
    softWeight: weight(
      'soft',
      'λ₂',
      'Weight of the soft loss',
      'Higher: listen to the teacher’s predictions more.',
    ),
    railWeight: weight(
      'rail',
      'λ₃',
      'Weight of the inner layers',
      'Higher: imitate the teacher’s inner layers more.',
    ),
    temperature: distillationSettings.temperature,
    width: {
      kind: 'number',
      label: 'Width of the maps',
      default: 128,
      min: 4,
      max: 1024,
      step: 4,
      integer: true,
      hint: 'Both sides are projected to this many numbers before they are compared.',
      source: 'arXiv:2109.10164, section 4 (128)',
    },
    form: {
      kind: 'choice',
      label: 'Layers',
      default: 'layerwise',
      choices: [
        { value: 'layerwise', label: 'pair by pair' },
        { value: 'concatenated', label: 'concatenated' },
      ],
      hint: 'Pair by pair: each layer has its own two maps. Concatenated: one map a side for all of them.',
      source: 'arXiv:2109.10164, equations 3 and 5',
    },
  },
  needs: ['teacherOutput', 'hiddenStates'],
  trains: ['student', 'extra'],
  createExtra: (context, { width, form }) => createMaps(context, width, form),
  epochState: (context): LayerMap => drawLayers(context, context.random),
  loss({ student, teacher, targets, tokens, extra, state, share }, settings) {
    const { hardWeight, softWeight, railWeight, temperature, form } = settings;
    const { total, terms } = tokenLoss(student.logits, targets, {
      hard: crossEntropy({ weight: hardWeight }),
      soft: klDivergence({ teacher: teacher.logits, temperature, weight: softWeight * temperature ** 2 }),
    });
    // hiddenStates[0] is the embedding's output.
    const pool = (hidden: readonly Tensor2D[], layer: number) => meanOverTokens(hidden[layer + 1]!, tokens);
    const distance = railDistance(
      state.map((_, i) => pool(student.hiddenStates, i)),
      state.map((layer) => pool(teacher.hiddenStates, layer)),
      extra,
      form,
    );
    const rail = tf.mul<Scalar>(distance, railWeight * share);
    return { total: tf.add(total, rail), terms: { ...terms, rail } };
  },
});
