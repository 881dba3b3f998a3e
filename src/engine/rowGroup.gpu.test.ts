import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { testDevice, useTestDevice } from '../testing/gpu';
import { allocate, launch, release, wrap } from './dispatch';
import { readTensor } from './device';
import { kernelFamily } from './kernel';
import { rowGroup } from './wgsl';

useTestDevice();

const kernel = kernelFamily('TestRowGroup', ({ threads, lanes }: { threads: number; lanes: number }) => {
  const group = rowGroup(threads, lanes);
  return {
    write: { y: 'vec2f' },
    read: { x: 'f32' },
    scalars: { rows: 'u32', columns: 'u32' },
    workgroupSize: group.workgroupSize,
    enables: group.enables,
    helpers: group.scratch,
    main: `${group.index}
    if (row >= u.rows) { return; }
    var total = 0.0;
    var most = -3.4e38;
    for (var i = lane; i < u.columns; i += ${threads}u) {
      total += x[row * u.columns + i];
      most = max(most, x[row * u.columns + i]);
    }
    ${group.sum('total')}
    ${group.max('most')}
    if (lane == 0u) { y[row] = vec2f(total, most); }`,
  };
});

// Lanes 4: the least that any subgroup has. 64 of 64: no step of the tree is left.
test.each([
  [1, 0],
  [64, 0],
  [64, 4],
  [256, 4],
  [4, 4],
])('%i threads, %i lanes: sum and maximum of every row', async (threads, lanes) => {
  const { info } = await testDevice();
  if (lanes > 0 && !info.features.includes('subgroups'))
    return console.log('skipped: this device has no subgroups');
  const [rows, columns] = [5, 300];
  const values = Float32Array.from({ length: rows * columns }, (_, i) => ((i * 37) % 101) - 100);
  const x = tf.tensor1d(values);
  const y = allocate([rows, 2]);
  launch(kernel({ threads, lanes }), { x, y }, { rows, columns }, rowGroup(threads, lanes).grid(rows));
  const expected = Array.from({ length: rows }, (_, row) => {
    const part = [...values.subarray(row * columns, (row + 1) * columns)];
    return [part.reduce((a, b) => a + b, 0), Math.max(...part)];
  });
  expect([...(await readTensor(wrap(y)))]).toEqual(expected.flat());
  x.dispose();
  release(y);
});
