/**
 * Self-KD: a copy of the student is fine-tuned first, then frozen, and teaches the student.
 *   phase 1 (the copy): L = CE(y, z_c)
 *   phase 2 (the student): L = α CE(y, z_s) + (1 − α) T² KL(p_c ‖ p_s),  p = softmax(z / T)
 * Source: "Born-Again Neural Networks", arXiv:1805.04770, and "Revisiting Knowledge Distillation via Label
 * Smoothing Regularization", arXiv:1909.11723, section 5.1.
 */
import { crossEntropy, klDivergence } from '../engine/ops/rowTerms';
import { tokenLoss } from '../engine/ops/tokenLoss';
import { defineMethod, definePart, twoPhases } from './method';
import { distillationSettings } from './vanillaKd';

interface Settings {
  alpha: number;
  temperature: number;
}

const copy = definePart({
  id: 'own teacher',
  needs: [],
  trains: ['copy'],
  loss: ({ student, targets }, _: Settings) =>
    tokenLoss(student.logits, targets, { copy: crossEntropy({ weight: 1 }) }),
});

const student = definePart({
  id: 'student',
  needs: ['teacherOutput'],
  teacher: 'copy',
  loss: ({ student, teacher, targets }, { alpha, temperature }: Settings) =>
    tokenLoss(student.logits, targets, {
      hard: crossEntropy({ weight: alpha }),
      soft: klDivergence({ teacher: teacher.logits, temperature, weight: (1 - alpha) * temperature ** 2 }),
    }),
});

export const selfKd = defineMethod({
  id: 'self-kd',
  label: 'Self-KD',
  summary: 'The student’s own copy is trained first and then teaches it. No larger teacher is needed.',
  paper: { label: 'Yuan et al. 2020, section 5.1', url: 'https://arxiv.org/abs/1909.11723' },
  formula: 'phase 1: L = CE(y, z_c);  phase 2: L = α CE(y, z_s) + (1 − α) T² KL(p_c ‖ p_s)',
  where: 'z_c are the logits of the copy, z_s the student’s, y the next token, p = softmax(z / T)',
  terms: [
    { id: 'copy', label: 'the copy, CE' },
    { id: 'hard', label: 'hard, CE' },
    { id: 'soft', label: 'soft, T² KL' },
  ],
  settings: {
    ...distillationSettings,
    share: {
      kind: 'number',
      label: 'Share of the copy',
      default: 0.5,
      min: 0,
      max: 1,
      step: 0.05,
      hint: 'Of the steps, those that train the copy. Higher: a better teacher, and less time to learn from it.',
      source: 'equal parts are Decant’s choice',
    },
  },
  parts: [copy, student],
  partAt: (step, steps, { share }) => twoPhases(step, steps, share),
});
