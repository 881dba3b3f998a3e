import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTuner, hotProducts, type TunerOptions } from './tuner';
import {
  matmulVariant,
  setVariants,
  tuningKey,
  variantName,
  type MatmulVariant,
  type Tunable,
} from './variants';

const product = { op: 'matmul', layout: 'nn', m: 512, n: 512, k: 128 } as const satisfies Tunable;
const other = { op: 'matmul', layout: 'tn', m: 128, n: 512, k: 512 } as const satisfies Tunable;
const [small, large]: MatmulVariant[] = [
  { form: 'shared', tile: '32x32x16', stages: 1, splits: 1 },
  { form: 'shared', tile: '64x64x16', stages: 2, splits: 1 },
];
const open = new AbortController().signal;

beforeEach(() => setVariants('hardware', { workgroupBytes: 32768 }));
afterEach(() => setVariants('software'));

/** A store in memory, and a clock that only timing moves: `ms` by variant name. */
function setUp(ms: Record<string, number>, kept: Record<string, string> = {}) {
  const texts = new Map(Object.entries(kept));
  let now = 0;
  const time = vi.fn<NonNullable<TunerOptions['time']>>((_, variant) => {
    now += 1000;
    return Promise.resolve(ms[variantName(variant)]!);
  });
  const options: TunerOptions = {
    key: 'card',
    store: {
      get: (key) => Promise.resolve(texts.get(key) ?? null),
      set: (key, value) => Promise.resolve(void texts.set(key, value)),
    },
    time,
    variantsOf: () => [small!, large!],
    now: () => now,
  };
  return { options, time, texts };
}

test('the fastest variant is taken, kept, and not timed again', async () => {
  const { options, time, texts } = setUp({ [variantName(small!)]: 3, [variantName(large!)]: 2 });
  const tuner = createTuner(options, 1e6);
  await tuner.load();
  expect(await tuner.next([product], open)).toBe(true);
  expect(matmulVariant(product)).toEqual(large);
  expect(await tuner.next([product], open)).toBe(false);
  expect(JSON.parse(texts.get('card')!)).toEqual({ [tuningKey(product)]: variantName(large!) });

  setVariants('hardware', { workgroupBytes: 32768 });
  expect(matmulVariant(product)).not.toEqual(large);
  const again = createTuner(options, 1e6);
  await again.load();
  expect(matmulVariant(product)).toEqual(large);
  expect(await again.next([product], open)).toBe(false);
  expect(time).toHaveBeenCalledTimes(2);
});

test('products of about one size share a choice, others do not', async () => {
  const { options } = setUp({ [variantName(small!)]: 3, [variantName(large!)]: 2 });
  const tuner = createTuner(options, 1e6);
  await tuner.next([product], open);
  expect(matmulVariant({ ...product, m: 600 })).toEqual(large);
  expect(matmulVariant({ ...product, m: 2048 })).not.toEqual(large);
  expect(matmulVariant({ ...product, layout: 'nt' })).not.toEqual(large);
});

test('a slow variant is given up, and the time in all is bounded', async () => {
  const { options, time } = setUp({ [variantName(small!)]: 3, [variantName(large!)]: 9 });
  const tuner = createTuner(options, 1500);
  expect(await tuner.next([product, other], open)).toBe(true);
  expect(time.mock.calls.map(([, , enough]) => enough)).toEqual([Infinity, 6]);
  expect(matmulVariant(product)).toEqual(small);
  // Two seconds are used of one and a half.
  expect(await tuner.next([product, other], open)).toBe(false);
});

test('a stop leaves a product that is half timed without a choice', async () => {
  const { options, texts } = setUp({ [variantName(small!)]: 3, [variantName(large!)]: 2 });
  const abort = new AbortController();
  const time: TunerOptions['time'] = (...call) => {
    abort.abort();
    return options.time!(...call);
  };
  expect(await createTuner({ ...options, time }, 1e6).next([product], abort.signal)).toBe(false);
  expect(texts.size).toBe(0);
});

test.each([
  'not JSON',
  '[1]',
  'null',
  JSON.stringify({ [tuningKey(product)]: 'shared 1x1x1 stages 1 splits 1' }),
])('kept choices that cannot be used are passed over: %s', async (text) => {
  const { options } = setUp({}, { card: text });
  const usual = matmulVariant(product);
  await createTuner(options, 1e6).load();
  expect(matmulVariant(product)).toEqual(usual);
});

test('software adapters are never timed', async () => {
  setVariants('software');
  const { options, time } = setUp({});
  const tuner = createTuner(options, 1e6);
  await tuner.load();
  expect(await tuner.next([product], open)).toBe(false);
  expect(time).not.toHaveBeenCalled();
  expect(matmulVariant(product)).toEqual({ form: 'register' });
});

test('the hot products of a model cover every layer, each size once', () => {
  const products = hotProducts({ tokens: 512, length: 128, width: 128, heads: 4, vocabulary: 1024 });
  expect(new Set(products.map(tuningKey)).size).toBe(products.length);
  expect(products.at(-1)).toEqual({ op: 'attention', quads: 8, length: 128 });
  expect(products[0]).toEqual({ op: 'matmul', layout: 'nn', m: 512, n: 512, k: 128 });
});
