/**
 * A checkpoint's weights on the device, by their name there. Each is read once and is there in one precision: asked
 * for in another it is read again and takes the old one's place.
 */
import { usesKernels, kernelsServe } from '../../engine/mode';
import { fillPackedParameter } from '../../engine/packed';
import { disposeParameter, type Parameter } from '../../engine/parameter';
import { fillParameter } from '../../engine/upload';
import type { Checkpoint } from '../../io/checkpoint';
import { f16ToFloat32 } from '../../io/floats';
import type { GPT2Config } from '../../model/config';
import type { Model } from '../../model/gpt2';
import { packable, sourceNames } from '../../model/params';
import type { Task } from './task';

/** How a frozen model's weights are held; float16 means half the bytes on a GPU. */
export type Precision = 'f32' | 'f16';

interface Held {
  parameter: Parameter;
  precision: Precision;
}

/** Wraps a reader so that its pieces are counted towards a progress report. */
type Noting = <P extends { stored: number }>(read: () => AsyncIterable<P>) => AsyncIterable<P>;

export interface UploadedWeights {
  /**
   * The blocks `layers` as one frozen model; reads and uploads what is not there yet in this precision. Views of the
   * other precision must not be used any more. Warns of tensors that float16 cannot hold and keeps them in float32.
   */
  view(layers: readonly number[], task: Task, precision?: Precision): Promise<Model>;
  /** A weight that is there now in float32. */
  resident(name: string): Parameter | undefined;
  dispose(): void;
}

export function uploadedWeights(checkpoint: Checkpoint, config: GPT2Config): UploadedWeights {
  const weights = new Map<string, Held>();
  const tooLarge = new Set<string>();
  const packs = () => usesKernels() && kernelsServe(config);

  /** Which precision a view has this weight in. */
  const precisionOf = (name: string, wanted: Precision): Precision =>
    wanted === 'f16' && packable(name) && !tooLarge.has(name) ? 'f16' : 'f32';
  const isThere = (name: string, wanted: Precision) =>
    weights.get(name)?.precision === precisionOf(name, wanted);

  async function readHalf(name: string, noting: Noting, task: Task): Promise<Held> {
    const { shape } = checkpoint.tensors.get(name)!;
    let beyond = 0;
    const pieces = noting(async function* () {
      for await (const piece of checkpoint.halfPieces(name)) {
        beyond += piece.beyond;
        yield piece;
      }
    });
    const rounded = async function* () {
      for await (const { first, halves } of pieces) yield { first, values: f16ToFloat32(halves) };
    };
    const parameter = packs()
      ? await fillPackedParameter(name, shape, pieces)
      : await fillParameter(name, shape, rounded(), false);
    if (beyond === 0) return { parameter, precision: 'f16' };
    disposeParameter(parameter);
    tooLarge.add(name);
    const message = `${name} holds ${beyond} value${beyond === 1 ? '' : 's'} beyond 65504, the largest float16 number, so this tensor of the teacher stays in float32.`;
    task.send({ type: 'warning', message });
    return readFloat(name, (read) => read());
  }

  async function readFloat(name: string, noting: Noting): Promise<Held> {
    const { shape } = checkpoint.tensors.get(name)!;
    const pieces = noting(() => checkpoint.floatPieces(name));
    return { parameter: await fillParameter(name, shape, pieces, false), precision: 'f32' };
  }

  return {
    async view(layers, task, precision = 'f32') {
      const names = sourceNames(config, layers);
      const missing = [...new Set(names.values())].filter((name) => !isThere(name, precision));
      const total = missing.reduce((sum, name) => sum + (checkpoint.tensors.get(name)?.bytes ?? 0), 0);
      const known = checkpoint.warnings.length;
      let done = 0;
      const noting: Noting = async function* (read) {
        for await (const piece of read()) {
          yield piece;
          task.check();
          done += piece.stored;
          task.progress('reading weights', done, total, 'bytes');
        }
      };
      for (const name of missing) {
        task.check();
        const half = precisionOf(name, precision) === 'f16';
        const read = half ? await readHalf(name, noting, task) : await readFloat(name, noting);
        // Another command may have read the same tensor in the meantime.
        const before = weights.get(name);
        if (before?.precision === read.precision) {
          disposeParameter(read.parameter);
        } else {
          if (before) disposeParameter(before.parameter);
          weights.set(name, read);
        }
      }
      for (const message of checkpoint.warnings.slice(known)) task.send({ type: 'warning', message });
      const params = [...names].map(([name, source]) => [name, weights.get(source)!.parameter]);
      return {
        config: { ...config, nLayer: layers.length },
        params: Object.fromEntries(params) as Model['params'],
      };
    },
    resident(name) {
      const held = weights.get(name);
      return held?.precision === 'f32' ? held.parameter : undefined;
    },
    dispose() {
      for (const { parameter } of weights.values()) disposeParameter(parameter);
      weights.clear();
    },
  };
}
