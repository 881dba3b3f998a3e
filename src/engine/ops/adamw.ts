/**
 * AdamW in place, s = 1 at the first step:
 *   g' = g min(1, gradClip / (norm + 1e-6)),  norm over all gradients together
 *   p -= lr wd p (matrices only);  m = b1 m + (1 - b1) g';  v = b2 v + (1 - b2) g'²
 *   p -= lr / (1 - b1^s) m / (sqrt(v / (1 - b2^s)) + eps)
 * Source: "Decoupled Weight Decay Regularization", arXiv:1711.05101, algorithm 2; clipping and the parameters
 * that decay (2 dimensions, so neither biases nor layer norms) as in PyTorch and nanoGPT's train.py.
 *
 * The norm stays on the GPU, and what changes from step to step goes through one small storage tensor: nothing
 * is read back, and every step records the same dispatches. Without clipping no update needs the norm, so that a
 * plan updates each weight as soon as its gradient is complete.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors';
import { withKind } from '../cost';
import { launch, markWritten, writeTensor } from '../dispatch';
import { hostTensor } from '../host';
import { flatIndex, kernelFamily, linearGrid } from '../kernel';
import { IS_FINITE, type LossScale } from '../lossScale';
import { usesKernels, usesProcessor } from '../mode';
import { clearGradients, type Parameter } from '../parameter';
import { asEarlyAsPossible } from '../plan/notes';
import { updateProcessor } from '../processor/adamw';
import { elementParts } from '../ranges';
import { zeros } from '../zeros';
import { globalNorm } from './globalNorm';

export interface AdamWSettings {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Largest norm of all gradients together; 0: no clipping. */
  gradClip: number;
}

/** The running means of a parameter's gradient and of its square, on the host. */
export interface Moments {
  m: Float32Array;
  v: Float32Array;
}

export interface AdamW {
  /** Updates made so far; set it together with the moments to continue from a snapshot. */
  steps: number;
  readonly parameters: readonly Parameter[];
  /**
   * Updates every parameter that has a gradient and clears the gradients. Returns their norm before clipping,
   * which the caller disposes.
   */
  step(settings: AdamWSettings): Scalar;
  /** The host's half of `step`: counts one more update, and sets what it runs with. */
  advance(settings: AdamWSettings): void;
  /** The device's half of `step`, the same for every step with clipping and every one without. */
  update(): Scalar;
  /** One parameter at a time, so that a snapshot never holds all moments on the host. */
  readMoments(parameter: Parameter, read: (tensor: Tensor) => Promise<Float32Array>): Promise<Moments>;
  writeMoments(parameter: Parameter, moments: Moments): void;
  dispose(): void;
}

interface State {
  m: Tensor;
  v: Tensor;
}

const THREADS = 64;

/** The storage tensor `settings`, in this order. Differences from 1 are formed in float64: 1 - 0.999f is off by 1e-5. */
const SETTINGS = [
  'rate',
  'keep',
  'beta1',
  'rest1',
  'beta2',
  'rest2',
  'correction2',
  'epsilon',
  'clip',
] as const;

function settingsAt(steps: number, settings: AdamWSettings): Record<(typeof SETTINGS)[number], number> {
  const { learningRate, beta1, beta2, epsilon, weightDecay, gradClip } = settings;
  return {
    rate: learningRate / (1 - beta1 ** steps),
    keep: 1 - learningRate * weightDecay,
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    correction2: 1 / (1 - beta2 ** steps),
    epsilon,
    clip: gradClip,
  };
}

type Buffer = 'p' | 'm' | 'v' | 'gradient' | 'settings' | 'norm' | 'lossScale';

interface Update {
  decays: boolean;
  clips: boolean;
  /** Gradients come times lossScale[0] and may be infinite: then nothing is updated. */
  scaled: boolean;
  /** Four elements a thread, which read the settings once. */
  quads: boolean;
}

const update = kernelFamily<Update, Buffer, 'size'>('AdamW', ({ decays, clips, scaled, quads }) => ({
  write: quads ? { p: 'vec4f', m: 'vec4f', v: 'vec4f' } : { p: 'f32', m: 'f32', v: 'f32' },
  read: {
    gradient: quads ? 'vec4f' : 'f32',
    settings: 'f32',
    ...(clips && !scaled ? { norm: 'f32' as const } : {}),
    ...(scaled ? { norm: 'u32' as const, lossScale: 'f32' as const } : {}),
  },
  scalars: { size: 'u32' },
  workgroupSize: [THREADS],
  helpers: `${SETTINGS.map((name, i) => `const ${name} = ${i}u;`).join('\n')} ${scaled ? IS_FINITE : ''}`,
  main: `
  let i = ${flatIndex(THREADS)};
  if (i >= u.size) { return; }
  ${scaled ? 'if (!isFinite(norm[0])) { return; }' : ''}
  let g = gradient[i]${scaled ? ' / lossScale[0]' : ''}${clips ? ` * min(1.0, settings[clip] / (${scaled ? 'bitcast<f32>(norm[0]) / lossScale[0]' : 'norm[0]'} + 1e-6))` : ''};
  let mean = settings[beta1] * m[i] + settings[rest1] * g;
  let square = settings[beta2] * v[i] + settings[rest2] * g * g;
  m[i] = mean;
  v[i] = square;
  let kept = p[i]${decays ? ' * settings[keep]' : ''};
  p[i] = kept - settings[rate] * mean / (sqrt(square * settings[correction2]) + settings[epsilon]);`,
}));

const decays = (parameter: Parameter) => parameter.shape.length >= 2;

function updateKernels(
  parameter: Parameter,
  { m, v }: State,
  settings: Tensor,
  { norm, clips, lossScale }: { norm: Scalar; clips: boolean; lossScale: Tensor | undefined },
): void {
  const { value, gradient, size } = parameter;
  const quads = size % 4 === 0;
  for (const { count, of } of elementParts(size)) {
    const threads = quads ? count / 4 : count;
    launch(
      update({ decays: decays(parameter), clips, scaled: lossScale !== undefined, quads }),
      { p: of(value), m: of(m), v: of(v), gradient: of(gradient!), settings, norm, lossScale },
      { size: threads },
      linearGrid(threads, THREADS),
    );
  }
  for (const written of [value, m, v]) markWritten(written);
}

function updateReference(
  parameter: Parameter,
  state: State,
  settings: ReturnType<typeof settingsAt>,
  norm: Scalar,
): void {
  if (usesProcessor()) {
    const { keep } = settings;
    return updateProcessor(parameter, state, { ...settings, keep: decays(parameter) ? keep : 1 }, norm);
  }
  const { rate, keep, beta1, rest1, beta2, rest2, correction2, epsilon, clip } = settings;
  const old = { ...state };
  const next = tf.tidy(() => {
    const scale = clip > 0 ? tf.minimum(1, tf.div(clip, tf.add(norm, 1e-6))) : 1;
    const g = tf.mul(parameter.gradient!, scale);
    const m = tf.add(tf.mul(old.m, beta1), tf.mul(g, rest1));
    const v = tf.add(tf.mul(old.v, beta2), tf.mul(tf.square(g), rest2));
    const change = tf.div(tf.mul(m, rate), tf.add(tf.sqrt(tf.mul(v, correction2)), epsilon));
    const kept = decays(parameter) ? tf.mul(parameter.value, keep) : parameter.value;
    return { m, v, value: tf.sub(kept, change) };
  });
  parameter.value.assign(next.value);
  Object.assign(state, { m: tf.keep(next.m), v: tf.keep(next.v) });
  tf.dispose([old.m, old.v, next.value]);
}

/**
 * An optimiser of these parameters, frozen ones left out, with moments of zero. With a loss scale (kernels only) the
 * gradients come times its S. Throws ShapeError for a name that comes twice.
 */
export function createAdamW(parameters: readonly Parameter[], lossScale?: LossScale): AdamW {
  const kernels = usesKernels();
  const trained = parameters.filter((parameter) => parameter.trainable);
  const atRest = ({ shape }: Parameter): State =>
    withKind('moments', () => ({ m: tf.keep(zeros(shape)), v: tf.keep(zeros(shape)) }));
  const states = new Map(trained.map((parameter) => [parameter.name, atRest(parameter)]));
  if (states.size < trained.length)
    throw new ShapeError('two parameters of one optimiser have the same name');
  let current: AdamWSettings | null = null;
  const stateOf = (parameter: Parameter): State => {
    const state = states.get(parameter.name);
    if (!state) throw new ShapeError(`${parameter.name} is not among the parameters of this optimiser`);
    return state;
  };
  const optimizer: AdamW = {
    steps: 0,
    parameters: trained,
    step(settings) {
      optimizer.advance(settings);
      return optimizer.update();
    },
    advance(settings) {
      current = settings;
      optimizer.steps++;
    },
    update() {
      const values = () => settingsAt(optimizer.steps, current!);
      // A parameter that the loss did not use has no gradient and stays as it is, decay included (as PyTorch).
      // Last layers first, as the backward pass completes them: the norm adds up one after the other.
      const updated = trained.filter((parameter) => parameter.gradient).reverse();
      const norm = asEarlyAsPossible(() => globalNorm(updated.map((parameter) => parameter.gradient!)));
      if (kernels) {
        const settings = hostTensor([SETTINGS.length], 'float32', () => {
          const now = values();
          return Float32Array.from(SETTINGS, (name) => now[name]);
        });
        const clips = current!.gradClip > 0;
        asEarlyAsPossible(() => {
          for (const parameter of updated)
            updateKernels(parameter, stateOf(parameter), settings, {
              norm,
              clips,
              lossScale: lossScale?.state,
            });
        });
        settings.dispose();
      } else {
        for (const parameter of updated) updateReference(parameter, stateOf(parameter), values(), norm);
      }
      clearGradients(updated);
      if (!lossScale) return norm;
      const plain = lossScale.advance(norm);
      norm.dispose();
      return plain;
    },
    async readMoments(parameter, read) {
      const { m, v } = stateOf(parameter);
      return { m: await read(m), v: await read(v) };
    },
    writeMoments(parameter, moments) {
      const state = stateOf(parameter);
      if (kernels) {
        // In the same buffers: a plan holds them.
        writeTensor(state.m, moments.m);
        writeTensor(state.v, moments.v);
        return;
      }
      tf.dispose([state.m, state.v]);
      const upload = (values: Float32Array) =>
        tf.keep(tf.tensor(values, parameter.shape as number[], 'float32'));
      Object.assign(state, { m: upload(moments.m), v: upload(moments.v) });
    },
    dispose() {
      for (const { m, v } of states.values()) tf.dispose([m, v]);
      states.clear();
    },
  };
  return optimizer;
}
