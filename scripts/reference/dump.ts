/**
 * Writes what an independent training loop needs to repeat a run of Decant: the initial weights and the batches.
 *
 *   node scripts/run.mjs scripts/reference/dump.ts RECIPE.json OUT
 *
 * RECIPE.json is the resolved recipe that `decant run` leaves in its folder. OUT gets `reference.json` (the recipe
 * and the kept layers), `batches.bin` (int32, little-endian, [micro-batches, batch, T + 1] tokens) and, for a new
 * model, `model.safetensors` in F32. Fixed: the demo text, one stage, and the demo or a new model as teacher.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { trainingBatches } from '../../src/data/batches';
import { streamOf } from '../../src/data/corpus';
import { exportCheckpoint, type ExportTensor } from '../../src/io/export';
import { parseConfig } from '../../src/model/config';
import { initialiseParams } from '../../src/model/params';
import { checkLayers, selectLayers } from '../../src/model/selection';
import { rowLength } from '../../src/recipe/data';
import { recipeSchema, type Recipe } from '../../src/recipe/recipe';

const DEMO_LAYERS = 12;

function keptLayers({ selection, seed }: Recipe, nLayer: number): number[] {
  if (selection === null) return Array.from({ length: nLayer }, (_, i) => i);
  if ('layers' in selection) return checkLayers(selection.layers, nLayer);
  return selectLayers(selection.strategy, nLayer, selection.keep, seed).layers;
}

/** The bundled training ids, as the file has them. */
function trainingIds(root: string): Uint16Array {
  const bytes = readFileSync(join(root, 'public/demo/text/train.bin'));
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i));
}

/** Rows of T inputs and the last label: the T + 1 tokens of each window, micro-batch after micro-batch. */
function windowsOf(root: string, recipe: Recipe): Int32Array {
  const stage = recipe.stages[0]!;
  const T = rowLength(recipe.data);
  const stream = streamOf(trainingIds(root), 2047);
  const batches = trainingBatches(stream, {
    batchSize: stage.batchSize,
    contextLength: T,
    seed: recipe.seed,
  });
  const count = stage.steps! * stage.gradAccumSteps;
  const windows = new Int32Array(count * stage.batchSize * (T + 1));
  for (let i = 0; i < count; i++) {
    const { ids, labels, batch } = batches.next();
    for (let row = 0; row < batch; row++) {
      const at = (i * batch + row) * (T + 1);
      windows.set(ids.subarray(row * T, (row + 1) * T), at);
      windows[at + T] = labels[(row + 1) * T - 1]!;
    }
  }
  return windows;
}

async function freshWeights(recipe: Recipe): Promise<Uint8Array | null> {
  const { model } = recipe.teacher;
  if (typeof model === 'string') return null;
  await tf.setBackend('cpu');
  const config = parseConfig({ model_type: 'gpt2', ...model.config });
  const tensors = new Map<string, ExportTensor>();
  for (const [name, { shape, value }] of Object.entries(initialiseParams(config, recipe.seed))) {
    tensors.set(name, { shape, values: (await value.data()) as Float32Array });
  }
  const files = exportCheckpoint({ config: {}, tensors, dtype: 'f32', tokenizerFiles: [] });
  return files.find(({ name }) => name === 'model.safetensors')!.bytes;
}

export async function main(root: string, [recipePath, out]: string[]): Promise<void> {
  if (recipePath === undefined || out === undefined) throw new Error('usage: dump.ts RECIPE.json OUT');
  const recipe = recipeSchema.parse(JSON.parse(readFileSync(recipePath, 'utf8')));
  const { model } = recipe.teacher;
  if (recipe.stages.length !== 1 || recipe.stages[0]!.steps === undefined)
    throw new Error('one stage with steps');
  if (recipe.data.train !== 'demo' || (typeof model === 'string' && model !== 'demo'))
    throw new Error('demo only');
  const nLayer = typeof model === 'string' ? DEMO_LAYERS : model.config.n_layer;
  mkdirSync(out, { recursive: true });
  const weights = await freshWeights(recipe);
  if (weights) writeFileSync(join(out, 'model.safetensors'), weights);
  const windows = windowsOf(root, recipe);
  writeFileSync(join(out, 'batches.bin'), new Uint8Array(windows.buffer));
  const described = { recipe, layers: keptLayers(recipe, nLayer) };
  writeFileSync(join(out, 'reference.json'), `${JSON.stringify(described, null, 1)}\n`);
  console.log(`${windows.length} tokens in ${recipe.stages[0]!.steps} steps`);
}
