/**
 * Times the variants of the products that a model spends its time in, once per adapter, and keeps the fastest. It
 * never runs on software adapters, whose choice is fixed, and its caller sees to it that nothing else uses the
 * device meanwhile. A variant adds up in another order, so a choice changes results in the last digits: it must
 * not change while a run goes on.
 */
import * as tf from '@tensorflow/tfjs-core';
import { allocate, release, webgpuBackend } from './dispatch';
import { attention } from './ops/causalAttention';
import { matmul } from './ops/matmul';
import { gpuTime } from './timing';
import {
  adapterKindNow,
  attentionVariants,
  matmulVariants,
  setTuned,
  tuningKey,
  variantName,
  withVariant,
  type Tunable,
  type Variant,
} from './variants';

/** Where choices are kept between visits; one text per adapter. */
export interface TuningStore {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
}

/** Sizes of a model and of what it is trained on at a time. */
export interface HotSizes {
  /** Batch x length. */
  tokens: number;
  length: number;
  width: number;
  heads: number;
  vocabulary: number;
}

/** Rows of logits that are held at a time, about. */
const CHUNK = 256;

/** The products of a training step, most work first. Sizes that share a choice appear once. */
export function hotProducts({ tokens, length, width, heads, vocabulary }: HotSizes): Tunable[] {
  const chunk = Math.min(tokens, CHUNK);
  const linear = (inputs: number, outputs: number): Tunable[] => [
    { op: 'matmul', layout: 'nn', m: tokens, n: outputs, k: inputs },
    { op: 'matmul', layout: 'nt', m: tokens, n: inputs, k: outputs },
    { op: 'matmul', layout: 'tn', m: inputs, n: outputs, k: tokens },
  ];
  const all: Tunable[] = [
    ...linear(width, 4 * width),
    ...linear(4 * width, width),
    { op: 'matmul', layout: 'nt', m: chunk, n: vocabulary, k: width },
    { op: 'matmul', layout: 'nn', m: chunk, n: width, k: vocabulary },
    { op: 'matmul', layout: 'tn', m: vocabulary, n: width, k: chunk },
    ...linear(width, 3 * width),
    ...linear(width, width),
    { op: 'attention', quads: width / heads / 4, length },
  ];
  const keys = all.map(tuningKey);
  return all.filter((product, at) => keys.indexOf(tuningKey(product)) === at);
}

/** Everything this device offers for a product; the usual choice first. */
const offered = (product: Tunable): Variant[] =>
  product.op === 'matmul' ? matmulVariants(product) : attentionVariants();

/**
 * Milliseconds of one variant, forward (and backward for attention), on zeros; infinite when the driver refuses it.
 * `enough`: a variant that takes longer is timed once.
 */
export async function timeVariant(product: Tunable, variant: Variant, enough: number): Promise<number> {
  const { device } = webgpuBackend();
  const filters = ['validation', 'internal', 'out-of-memory'] as const;
  for (const filter of filters) device.pushErrorScope(filter);
  const ms = await (product.op === 'attention'
    ? timeAttention(product, variant, enough)
    : timeMatmul(product, variant, enough));
  const errors = await Promise.all(filters.map(() => device.popErrorScope()));
  return errors.some((error) => error !== null) ? Infinity : ms;
}

async function timeMatmul(
  { layout, m, n, k }: Tunable & { op: 'matmul' },
  variant: Variant,
  enough: number,
): Promise<number> {
  const quads = (size: number) => Math.ceil(size / 4) * 4;
  const [a, b, c] = [
    allocate(layout === 'tn' ? [k, quads(m)] : [m, quads(k)]),
    allocate(layout === 'nt' ? [n, quads(k)] : [k, quads(n)]),
    allocate([m, quads(n)]),
  ];
  const views = {
    a: { tensor: a, stride: a.shape[1]! },
    b: { tensor: b, stride: b.shape[1]! },
    c: { tensor: c, stride: c.shape[1]! },
  };
  try {
    return await gpuTime(() => withVariant(variant, () => matmul(layout, views, { m, n, k })), enough);
  } finally {
    for (const tensor of [a, b, c]) release(tensor);
  }
}

async function timeAttention(
  { quads, length }: Tunable & { op: 'attention' },
  variant: Variant,
  enough: number,
): Promise<number> {
  // As many heads as keep a GPU busy.
  const layout = { batch: 1, length, heads: 8, causal: true };
  const qkv = tf.keep(tf.zeros<tf.Rank.R2>([length, 3 * layout.heads * quads * 4]));
  try {
    const both = tf.grad((x) => tf.sum(attention(x as tf.Tensor2D, layout)));
    return await gpuTime(() => withVariant(variant, () => both(qkv).dispose()), enough);
  } finally {
    qkv.dispose();
  }
}

/** A name for the adapter as far as the browser tells it. The version changes with the kernels. */
export function adapterKey(): string {
  const { vendor, architecture, device, description } = webgpuBackend().device.adapterInfo;
  return ['v1', vendor, architecture, device, description].join(' | ');
}

export interface TunerOptions {
  store: TuningStore;
  /** Names the adapter in the store: `adapterKey`. */
  key: string;
  /** For tests. */
  time?: typeof timeVariant;
  variantsOf?: (product: Tunable) => readonly Variant[];
  now?: () => number;
}

export interface Tuner {
  /** Takes over what the store knows of this adapter. */
  load(): Promise<void>;
  /** Times one product of those that have no choice yet; false when none is left or the time is used up. */
  next(products: readonly Tunable[], signal: AbortSignal): Promise<boolean>;
}

/** A variant is given up once it takes so many times as long as the best. */
const HOPELESS = 2;

/** At most `budgetMs` of work in all, then what was not timed stays with the usual choice until the next visit. */
export function createTuner(
  { store, key, time = timeVariant, variantsOf = offered, now = () => performance.now() }: TunerOptions,
  budgetMs: number,
): Tuner {
  const choices = new Map<string, string>();
  let used = 0;

  async function fastest(product: Tunable, signal: AbortSignal): Promise<Variant | null> {
    let best: { variant: Variant; ms: number } | null = null;
    for (const variant of variantsOf(product)) {
      if (signal.aborted) return null;
      const ms = await time(product, variant, HOPELESS * (best?.ms ?? Infinity));
      if (ms < (best?.ms ?? Infinity)) best = { variant, ms };
    }
    return best?.variant ?? null;
  }

  return {
    async load() {
      if (adapterKindNow() === 'software') return;
      for (const [name, variant] of parseChoices(await store.get(key))) choices.set(name, variant);
      setTuned(new Map(choices));
    },
    async next(products, signal) {
      if (adapterKindNow() === 'software' || used >= budgetMs || signal.aborted) return false;
      const product = products.find((candidate) => !choices.has(tuningKey(candidate)));
      if (!product) return false;
      const name = tuningKey(product);
      const start = now();
      const variant = await fastest(product, signal);
      used += now() - start;
      if (!variant) return false;
      choices.set(name, variantName(variant));
      setTuned(new Map(choices));
      await store.set(key, JSON.stringify(Object.fromEntries(choices)));
      return true;
    },
  };
}

/** What is damaged counts as unknown: it is timed anew. */
function parseChoices(text: string | null): [string, string][] {
  if (text === null) return [];
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  } catch {
    return [];
  }
}
