/** Attention of `ops/causalAttention.ts` on the processor; serves every size. */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { noteFlops } from '../cost';
import { wrap } from '../dispatch';
import type { AttentionLayout } from '../ops/causalAttention';
import { addressOf, allocate, attentionScratch, run, scratch } from './processor';

export function attentionProcessor(qkv: Tensor2D, layout: AttentionLayout): Tensor2D {
  const { batch, length, heads, causal } = layout;
  const [rows, columns] = qkv.shape;
  const width = columns / 3;
  const size = width / heads;
  const sizes = () => [
    ...[batch, length, heads, size, 1 / Math.sqrt(size), causal ? 1 : 0],
    ...scratch(attentionScratch(length)),
  ];
  const call = (
    kernel: 'attention' | 'attentionGradient',
    products: number,
    tensors: readonly tf.TensorInfo[],
  ) => {
    const flops = (products * 2 * rows * length * width) / (causal ? 2 : 1);
    noteFlops(flops);
    run(kernel, flops, [...tensors.map((tensor) => addressOf(tensor)), ...sizes()]);
  };
  return tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [Tensor2D, GradSaveFunc];
    const [y, logSum] = [wrap<Tensor2D>(allocate([rows, width])), wrap(allocate([rows, heads]))];
    call('attention', 2, [y, logSum, input]);
    save([input, y, logSum]);
    const gradFunc = (dy: Tensor, [input, y, logSum]: Tensor[]) => {
      const dQkv = allocate([rows, columns]);
      call('attentionGradient', 5, [dQkv, input!, y!, dy, logSum!]);
      return wrap(dQkv);
    };
    return { value: y, gradFunc };
  })(qkv);
}
