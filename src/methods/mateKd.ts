/**
 * MATE-KD: a generator G rewrites masked words so that student and teacher disagree most, and the student learns
 * from the teacher on the text and on what became of it. Steps of both kinds alternate.
 *   maximise:  KL(p_t(x') ‖ p_s(x')) over G, n_G steps at a time
 *   minimise:  (CE(y, z_s(x)) + KL(p_t(x) ‖ p_s(x)) + KL(p_t(x') ‖ p_s(x'))) / 3 over the student, n_S steps
 *   x' = x, but where it is masked the vectors of words that Gumbel-softmax draws from G(masked x)
 * Source: "MATE-KD: Masked Adversarial TExt, a Companion to Knowledge Distillation", arXiv:2105.05912, section 3.
 * Beyond it: GPT-2 has no masked language model beside it, so G is a truncated copy of the teacher
 * (`mateGenerator.ts`) and begins with some steps of predicting masked words.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor1D } from '@tensorflow/tfjs-core';
import { crossEntropy, klDivergence, reverseKlDivergence } from '../engine/ops/rowTerms';
import { tokenLoss, type Logits, type LossTerms, type Targets } from '../engine/ops/tokenLoss';
import { mateWarmup } from './formulas';
import { createGenerator, drawMask, proposals } from './mateGenerator';
import { mateChange, runPerturbed, type MateSettings, type Outputs } from './matePerturbation';
import { defineMethod, definePart, type PartPosition } from './method';

/** 0, with the gradient of x. */
const gradientOf = (x: Scalar): Scalar =>
  tf.customGrad(() => ({ value: tf.scalar(0), gradFunc: (dy: tf.Tensor) => dy.clone() }))(x) as Scalar;

/** -KL(p_t ‖ p_s), differentiable in both. */
export function disagreement(teacher: Logits, student: Logits, targets: Targets): LossTerms {
  const common = { temperature: 1, weight: -1 };
  const forward = tokenLoss(student, targets, { generator: klDivergence({ teacher, ...common }) });
  // Row terms have no gradient in the teacher's logits; seen from there the same number is a reverse divergence.
  const reverse = reverseKlDivergence({ teacher: student, ...common });
  const { total } = tokenLoss(teacher, targets, { generator: reverse });
  return { total: tf.add<Scalar>(forward.total, gradientOf(total)), terms: forward.terms };
}

/** (CE + KL on x + KL on x') / 3, differentiable in the student's logits. */
export function studentObjective(clean: Outputs, perturbed: Outputs, targets: Targets): LossTerms {
  const weight = 1 / 3;
  const soft = ({ teacher }: Outputs) => klDivergence({ teacher: teacher.logits, temperature: 1, weight });
  const onText = tokenLoss(clean.student.logits, targets, {
    hard: crossEntropy({ weight }),
    soft: soft(clean),
  });
  const onRedrawn = tokenLoss(perturbed.student.logits, targets, { perturbed: soft(perturbed) });
  return {
    total: tf.add<Scalar>(onText.total, onRedrawn.total),
    terms: { ...onText.terms, ...onRedrawn.terms },
  };
}

const warmUp = definePart<'models', MateSettings>({
  id: 'warm-up',
  needs: ['models'],
  trains: ['extra'],
  // It has its own few steps; the stage's warm-up of the learning rate may be longer than they are.
  optimizer: () => ({ warmupSteps: 0 }),
  loss({ models, tokens, drawn, extra, share }, { maskShare, generatorLayers }) {
    const masked = drawMask({ tokens, drawn }, maskShare);
    const logits = proposals(extra, models.teacher.config, generatorLayers, tokens, masked);
    const labels: Tensor1D = tf.gather(tokens.ids, masked.rows);
    const targets = { labels, scale: share / masked.rows.size };
    return tokenLoss(logits, targets, { warmup: crossEntropy({ weight: 1 }) });
  },
});

const maximise = definePart<'models', MateSettings>({
  id: 'maximise',
  needs: ['models'],
  trains: ['extra'],
  optimizer: ({ generatorRate, generatorClip }) => ({
    learningRate: generatorRate,
    gradClip: generatorClip,
    warmupSteps: 0,
  }),
  loss(inputs, settings) {
    const { teacher, student } = runPerturbed(inputs, settings, false);
    return disagreement(teacher.logits, student.logits, inputs.targets);
  },
});

const minimise = definePart<'teacherOutput' | 'models', MateSettings>({
  id: 'minimise',
  needs: ['teacherOutput', 'models'],
  loss: (inputs, settings) => studentObjective(inputs, runPerturbed(inputs, settings, true), inputs.targets),
});

const PARTS = [warmUp, maximise, minimise];

/** First the generator's warm-up, at most half of the steps, then n_G and n_S steps in turn. */
function alternate(
  step: number,
  steps: number,
  { warmupSteps, generatorSteps, studentSteps }: MateSettings,
): PartPosition {
  const warm = mateWarmup(steps, warmupSteps);
  if (step < warm) return { part: PARTS.indexOf(warmUp), step, steps: warm };
  const [done, total] = [step - warm, steps - warm];
  const cycle = generatorSteps + studentSteps;
  const maximising = (n: number) =>
    Math.floor(n / cycle) * generatorSteps + Math.min(n % cycle, generatorSteps);
  const [before, all] = [maximising(done), maximising(total)];
  return done % cycle < generatorSteps
    ? { part: PARTS.indexOf(maximise), step: before, steps: all }
    : { part: PARTS.indexOf(minimise), step: done - before, steps: total - all };
}

export const mateKd = defineMethod({
  id: 'mate-kd',
  label: 'MATE-KD',
  summary:
    'A generator rewrites words where student and teacher disagree most, and the student learns there too. ' +
    'The generator is a truncated copy of the teacher.',
  paper: { label: 'Rashid et al. 2021, section 3', url: 'https://arxiv.org/abs/2105.05912' },
  formula:
    'G: max KL(p_t(x′) ‖ p_s(x′));  student: L = (CE(y, z_s) + KL(p_t ‖ p_s) + KL(p_t(x′) ‖ p_s(x′))) / 3',
  where:
    'x′ is the text x with a share p of its words redrawn by the generator G, a truncated copy of the teacher ' +
    'that looks both ways; z_s are the student’s logits, y the next token',
  terms: [
    { id: 'warmup', label: 'generator warm-up, CE' },
    { id: 'generator', label: 'generator, −KL on x′' },
    { id: 'hard', label: 'hard, CE / 3' },
    { id: 'soft', label: 'soft, KL / 3' },
    { id: 'perturbed', label: 'on x′, KL / 3' },
  ],
  settings: {
    maskShare: {
      kind: 'number',
      label: 'Words redrawn',
      symbol: 'p',
      default: 0.3,
      min: 0.01,
      max: 1,
      step: 0.01,
      hint: 'The share of the words that the generator redraws. Higher: it rewrites more of the text.',
      source: 'arXiv:2105.05912 (0.3)',
    },
    temperature: {
      kind: 'number',
      label: 'Gumbel temperature',
      minor: true,
      symbol: 'τ',
      default: 1,
      min: 0.1,
      max: 10,
      step: 0.1,
      hint: 'Lower: a redrawn position comes closer to a single word.',
      source: 'arXiv:2105.05912 (1)',
    },
    sample: {
      kind: 'choice',
      label: 'Redrawn words',
      minor: true,
      default: 'soft',
      choices: [
        { value: 'soft', label: 'a mix of words' },
        { value: 'straight-through', label: 'single words' },
      ],
      hint: 'A mix is what Gumbel-softmax gives. Single words are the likeliest of it, with the gradient of the mix.',
      source: 'arXiv:2105.05912, section 3; straight-through: arXiv:1611.01144, section 2.2',
    },
    generatorSteps: {
      kind: 'number',
      label: 'Generator’s steps',
      symbol: 'n_G',
      default: 10,
      min: 1,
      max: 10000,
      step: 1,
      integer: true,
      hint: 'At a time, before it is the student’s turn. Higher: the text becomes harder before the student goes on.',
      source: 'arXiv:2105.05912 (10)',
    },
    studentSteps: {
      kind: 'number',
      label: 'Student’s steps',
      symbol: 'n_S',
      default: 100,
      min: 1,
      max: 100000,
      step: 1,
      integer: true,
      hint: 'At a time. Higher: the student trains longer between two rounds of the generator.',
      source: 'arXiv:2105.05912 (100)',
    },
    generatorRate: {
      kind: 'number',
      label: 'Generator’s learning rate',
      minor: true,
      default: 5e-7,
      min: 0,
      max: 0.01,
      step: 1e-7,
      hint: 'Higher: the generator changes faster in its rounds. Its warm-up has the stage’s learning rate.',
      source: 'arXiv:2105.05912 (5e-7)',
    },
    generatorClip: {
      kind: 'number',
      label: 'Generator’s gradient clip',
      minor: true,
      default: 5,
      min: 0,
      max: 1000,
      step: 0.1,
      hint: 'The largest norm of the generator’s gradient in its rounds; 0 does not clip.',
      source: 'arXiv:2105.05912 (5)',
    },
    generatorLayers: {
      kind: 'number',
      label: 'Generator’s layers',
      default: 2,
      min: 1,
      max: 48,
      step: 1,
      integer: true,
      hint: 'Layers of the teacher, pseudo-uniform, that the generator is made of. More need more memory.',
      source: 'Decant’s choice; the paper has a masked language model',
    },
    warmupSteps: {
      kind: 'number',
      label: 'Generator’s warm-up steps',
      minor: true,
      default: 20,
      min: 0,
      max: 100000,
      step: 1,
      integer: true,
      hint: 'First steps, at most half of the stage, in which the generator learns to predict masked words.',
      source: 'Decant’s choice; the paper’s generator is trained already',
    },
  },
  partAt: alternate,
  createExtra: (context, { generatorLayers }) => createGenerator(context, generatorLayers),
  changedWords: mateChange,
  parts: PARTS,
});
