/**
 * Loading a checkpoint: own ranged reader against reading the whole file and slicing it, from the disk.
 *   all tensors:  the same bytes for both; what the reader's checks cost
 *   6 of 12 blocks: what reading only what is asked for saves
 * The file is a 12-layer GPT-2 of width 256 and GPT-2's vocabulary (90 MB), made for the bench and removed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint } from '../src/io/checkpoint';
import { folderFileSet } from '../src/io/source.node';
import { exportCheckpoint } from '../src/io/export';
import { toHuggingFaceConfig, type GPT2Config } from '../src/model/config';
import { expectedTensors, sourceNames } from '../src/model/params';
import { report, time, verify } from './harness';

const config: GPT2Config = {
  nLayer: 12,
  nHead: 8,
  nEmbd: 256,
  nPositions: 1024,
  vocabSize: 50257,
  nInner: 1024,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
};
const KEPT = [0, 2, 4, 7, 9, 11];

const folder = mkdtempSync(join(tmpdir(), 'decant-bench-'));
try {
  const tensors = new Map(
    [...expectedTensors(config)].map(([name, shape], i) => [
      name,
      { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill((i % 7) - 3) },
    ]),
  );
  for (const { name, bytes } of exportCheckpoint({
    config: toHuggingFaceConfig(config),
    tensors,
    dtype: 'f32',
    tokenizerFiles: [],
  })) {
    writeFileSync(join(folder, name), bytes);
  }

  /** Sum of the first value of every tensor: proof that the right bytes were read. */
  const ours = async (layers: readonly number[]) => {
    const checkpoint = await openCheckpoint(await folderFileSet(folder));
    let [sum, bytes] = [0, 0];
    for (const name of new Set(sourceNames(config, layers).values())) {
      const values = await checkpoint.readFloat32(name);
      sum += values[0]!;
      bytes += values.byteLength;
    }
    return [sum, bytes] as const;
  };
  const naive = (layers: readonly number[]) => {
    const file = readFileSync(join(folder, 'model.safetensors'));
    const length = Number(file.readBigUInt64LE(0));
    const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<
      string,
      { data_offsets: [number, number] }
    >;
    let [sum, bytes] = [0, 0];
    for (const name of new Set(sourceNames(config, layers).values())) {
      const [start, end] = header[`transformer.${name}`]!.data_offsets;
      const values = new Float32Array(
        file.buffer.slice(file.byteOffset + 8 + length + start, file.byteOffset + 8 + length + end),
      );
      sum += values[0]!;
      bytes += values.byteLength;
    }
    return [sum, bytes] as const;
  };

  const rows: Record<string, string | number>[] = [];
  for (const [what, layers] of [
    ['all 12 blocks', Array.from({ length: 12 }, (_, i) => i)],
    ['6 of 12 blocks', KEPT],
  ] as const) {
    const [mine, theirs] = [await ours(layers), naive(layers)];
    verify(`${what}: sum`, mine[0], theirs[0], 0);
    const fast = await time(() => ours(layers), { repeats: 7 });
    const slow = await time(() => naive(layers), { repeats: 7 });
    rows.push({
      what,
      MB: Math.round(mine[1] / 1e6),
      'Decant MB per CPU second': Math.round(mine[1] / 1e3 / fast.cpuMs),
      'Decant CPU ms': +fast.cpuMs.toFixed(1),
      '±': +fast.spreadMs.toFixed(1),
      'whole file, sliced, CPU ms': +slow.cpuMs.toFixed(1),
      ratio: +(slow.cpuMs / fast.cpuMs).toFixed(2),
    });
  }
  report('disk', rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
