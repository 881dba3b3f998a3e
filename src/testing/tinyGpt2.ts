/** The tiny GPT-2 of the fixtures, teacher and student, read without `src/io`. */
import { createParameter, type Parameter } from '../engine/parameter';
import type { GPT2Config } from '../model/config';
import type { Model } from '../model/gpt2';
import { expectedTensors, sourceNames } from '../model/params';
import { fixtureJson, fixtureTensors } from './fixtures';

export const TINY_TEACHER: GPT2Config = {
  nLayer: 12,
  nHead: 4,
  nEmbd: 32,
  nPositions: 128,
  vocabSize: 512,
  nInner: 128,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
};

export const STUDENT_LAYERS = fixtureJson<{ student_layers: number[] }>('forward').student_layers;

/** Blocks `layers` of a checkpoint folder of the fixtures. */
export function tinyModel(
  layers: readonly number[],
  { folder = 'gpt2-tiny', trainable = true }: { folder?: string; trainable?: boolean } = {},
): Model {
  const tensors = fixtureTensors(`${folder}/model`);
  const config = { ...TINY_TEACHER, nLayer: layers.length };
  const shapes = expectedTensors(config);
  const params: Record<string, Parameter> = {};
  for (const [name, source] of sourceNames(TINY_TEACHER, layers)) {
    params[name] = createParameter(
      name,
      shapes.get(name)!,
      tensors[`transformer.${source}`]!.values,
      trainable,
    );
  }
  return { config, params };
}

export const tinyTeacher = (folder?: string): Model =>
  tinyModel([...Array(TINY_TEACHER.nLayer).keys()], { folder, trainable: false });

export const tinyStudent = (): Model => tinyModel(STUDENT_LAYERS);
