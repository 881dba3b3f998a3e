/**
 * Reverse-KL distillation: the divergence the other way round, which makes the student seek the teacher's likeliest
 * tokens instead of covering all that the teacher finds possible.
 *   L = α CE(y, z_s) + (1 − α) T² KL(p_s ‖ p_t),  p = softmax(z / T)
 * Source: "MiniLLM: Knowledge Distillation of Large Language Models", arXiv:2306.08543, section 2.1. Beyond the paper.
 */
import { crossEntropy, reverseKlDivergence } from '../engine/ops/rowTerms';
import { tokenLoss } from '../engine/ops/tokenLoss';
import { defineMethod } from './method';
import { distillationSettings } from './vanillaKd';

export const reverseKd = defineMethod({
  id: 'reverse-kd',
  label: 'Reverse-KL KD',
  summary: 'Distillation that prefers the teacher’s likeliest tokens to covering all of its doubts.',
  paper: { label: 'Gu et al. 2024, section 2.1', url: 'https://arxiv.org/abs/2306.08543' },
  formula: 'L = α CE(y, z_s) + (1 − α) T² KL(p_s ‖ p_t)',
  where: 'y is the next token, z_s and z_t the logits of student and teacher, p = softmax(z / T)',
  terms: [
    { id: 'hard', label: 'hard, CE' },
    { id: 'soft', label: 'soft, T² reverse KL' },
  ],
  settings: distillationSettings,
  needs: ['teacherOutput'],
  loss: ({ student, teacher, targets }, { alpha, temperature }) =>
    tokenLoss(student.logits, targets, {
      hard: crossEntropy({ weight: alpha }),
      soft: reverseKlDivergence({
        teacher: teacher.logits,
        temperature,
        weight: (1 - alpha) * temperature ** 2,
      }),
    }),
});
