/**
 * Fine-tuning: cross-entropy on the next token (or the label), without a teacher.
 *   L = CE(y, z_s) = −log softmax(z_s)[y]
 * Source: "A Short Study on Compressing Decoder-Based Language Models", arXiv:2110.08460, section 2.1.
 */
import { crossEntropy } from '../engine/ops/rowTerms';
import { tokenLoss } from '../engine/ops/tokenLoss';
import { defineMethod } from './method';

export const fineTune = defineMethod({
  id: 'fine-tune',
  label: 'Fine-tuning',
  summary: 'The student learns from the text alone; the baseline that a teacher has to beat.',
  paper: { label: 'Li, El Mesbahi et al. 2021, section 2.1', url: 'https://arxiv.org/abs/2110.08460' },
  formula: 'L = CE(y, z_s)',
  where: 'y is the next token, z_s the student’s logits, CE(y, z) = −log softmax(z)[y]',
  terms: [{ id: 'hard', label: 'hard, CE' }],
  settings: {},
  needs: [],
  loss: ({ student, targets }) => tokenLoss(student.logits, targets, { hard: crossEntropy({ weight: 1 }) }),
});
