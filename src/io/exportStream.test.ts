import { expect, test } from 'vitest';
import { TINY_CONFIG, tinyTensors } from '../testing/tinyCheckpoint';
import type { FloatTensor } from './checkpoint';
import { exportCheckpoint } from './export';
import { collect, streamCheckpoint, type StreamedTensor } from './exportStream';
import { decodeFloats } from './floats';

/** The tensor in two pieces, in float32 or as it is stored. */
function streamed({ dtype, shape, bytes }: FloatTensor, trained: boolean): StreamedTensor {
  const half = (bytes.length >> 3) * 4;
  return {
    shape,
    async *pieces() {
      for (const part of [bytes.slice(0, half), bytes.slice(half)])
        yield await Promise.resolve(trained ? { values: decodeFloats(dtype, part) } : { dtype, bytes: part });
    },
  };
}

test.each([
  ['F32', 'f32', false],
  ['F32', 'bf16', true],
  ['F16', 'f16', false],
  ['BF16', 'f32', false],
  ['F32', 'f16', true],
] as const)('%s written as %s in pieces has the bytes of a whole export', async (stored, dtype, trained) => {
  const tensors = tinyTensors(stored) as Map<string, FloatTensor>;
  const [config, weights] = exportCheckpoint({ config: TINY_CONFIG, tensors, dtype, tokenizerFiles: [] });
  const pieces = new Map([...tensors].map(([name, tensor]) => [name, streamed(tensor, trained)]));
  const stream = streamCheckpoint({ config: TINY_CONFIG, tensors: pieces, dtype });
  expect(stream.config).toEqual(config);
  expect(stream.weights.size).toBe(weights!.bytes.length);
  expect(await collect(stream.weights)).toEqual(weights);
});

test('a value that the dtype cannot hold is refused by the name of its tensor', async () => {
  const values = Float32Array.of(1, 1e6);
  const pieces = async function* () {
    yield await Promise.resolve({ values });
  };
  const tensors = new Map([['ln_f.bias', { shape: [2], pieces }]]);
  const { weights } = streamCheckpoint({ config: TINY_CONFIG, tensors, dtype: 'f16' as const });
  await expect(collect(weights)).rejects.toThrow('ln_f.bias holds 1 value beyond the largest F16 number');
});
