/**
 * Vanilla KD: besides the text, match the teacher's softened distribution over the next token.
 *   L = α CE(y, z_s) + (1 − α) T² KL(p_t ‖ p_s),  p = softmax(z / T)
 * T² keeps the soft term's gradient the same size as T changes.
 * Source: "Distilling the Knowledge in a Neural Network", arXiv:1503.02531, section 2.
 */
import { crossEntropy, klDivergence } from '../engine/ops/rowTerms';
import { tokenLoss } from '../engine/ops/tokenLoss';
import type { SettingSpecs } from '../recipe/settings';
import { defineMethod } from './method';

/** α and T, which every method that matches softened distributions has. */
export const distillationSettings = {
  alpha: {
    kind: 'number',
    label: 'Weight of the hard loss',
    symbol: 'α',
    weighs: { term: 'hard', rest: 'soft' },
    default: 0.5,
    min: 0,
    max: 1,
    step: 0.05,
    hint: 'Higher: listen to the text more. Lower: listen to the teacher more. At 1 this is fine-tuning.',
    source:
      'arXiv:1503.02531, section 2 (a weighted average of the two objectives); equal weights are Decant’s choice',
  },
  temperature: {
    kind: 'number',
    label: 'Temperature',
    symbol: 'T',
    default: 2,
    min: 0.5,
    max: 20,
    step: 0.5,
    hint: 'Higher: the teacher’s lesser choices count more. At 1 the student matches its plain probabilities.',
    source: 'arXiv:1503.02531, section 2 (temperatures of 1 to 20 are tried there); 2 is Decant’s choice',
  },
} as const satisfies SettingSpecs;

export const vanillaKd = defineMethod({
  id: 'vanilla-kd',
  label: 'Vanilla KD',
  summary: 'The student learns from the text and from what the teacher thinks of every possible next token.',
  paper: { label: 'Hinton et al. 2015, section 2', url: 'https://arxiv.org/abs/1503.02531' },
  formula: 'L = α CE(y, z_s) + (1 − α) T² KL(p_t ‖ p_s)',
  where:
    'y is the next token, z_s and z_t the logits of student and teacher, p = softmax(z / T), CE(y, z) = −log softmax(z)[y]',
  terms: [
    { id: 'hard', label: 'hard, CE' },
    { id: 'soft', label: 'soft, T² KL' },
  ],
  settings: distillationSettings,
  needs: ['teacherOutput'],
  loss: ({ student, teacher, targets }, { alpha, temperature }) =>
    tokenLoss(student.logits, targets, {
      hard: crossEntropy({ weight: alpha }),
      soft: klDivergence({ teacher: teacher.logits, temperature, weight: (1 - alpha) * temperature ** 2 }),
    }),
});
