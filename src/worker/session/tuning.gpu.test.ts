import { afterEach, expect, test } from 'vitest';
import { adapterKey, hotProducts } from '../../engine/tuner';
import { matmulVariant, setVariants, tuningKey, type MatmulVariant } from '../../engine/variants';
import type { GPT2Config } from '../../model/config';
import { testDevice, useTestDevice } from '../../testing/gpu';
import { createLane } from './lane';
import { createTuning } from './tuning';

useTestDevice();
afterEach(() => setVariants('software'));

const config: GPT2Config = {
  nLayer: 2,
  nHead: 4,
  nEmbd: 64,
  nPositions: 32,
  vocabSize: 300,
  nInner: 256,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
};
const products = hotProducts({
  tokens: 512,
  length: Math.min(config.nPositions, 512),
  width: config.nEmbd,
  heads: config.nHead,
  vocabulary: config.vocabSize,
});
const kept: MatmulVariant = { form: 'shared', tile: '32x32x16', stages: 2, splits: 1 };
const product = products.find((candidate) => candidate.op === 'matmul')!;

/** A store that knows a choice for every product but the first `unknown` ones. */
async function setUp(unknown: number, busy: boolean) {
  await testDevice();
  setVariants('hardware');
  const choices = products
    .slice(unknown)
    .map((each) => [tuningKey(each), 'shared 32x32x16 stages 2 splits 1']);
  const texts = new Map([[adapterKey(), JSON.stringify(Object.fromEntries(choices))]]);
  const written: string[] = [];
  const store = {
    get: (key: string) => Promise.resolve(texts.get(key) ?? null),
    set: (key: string) => Promise.resolve(void written.push(key)),
  };
  return { tuning: createTuning({ store, first: true, lane: createLane(), busy: () => busy }), written };
}

test('what an earlier visit found is used from the opening on, and not timed again', async () => {
  const { tuning, written } = await setUp(0, false);
  await tuning.opened(false);
  if (product.op === 'matmul') expect(matmulVariant(product)).toEqual(kept);
  tuning.prepare(config);
  await tuning.settle();
  expect(written).toEqual([]);
});

test('nothing is timed while something trains, nor on software adapters', async () => {
  const { tuning, written } = await setUp(products.length, true);
  await tuning.opened(false);
  tuning.prepare(config);
  await tuning.settle();
  const idle = await setUp(products.length, false);
  await idle.tuning.opened(true);
  idle.tuning.prepare(config);
  await idle.tuning.settle();
  expect([...written, ...idle.written]).toEqual([]);
});
