/**
 * TF-reg, teacher-free regularisation: a virtual teacher that is right with probability a and spreads the rest
 * evenly stands in for a trained one.
 *   L = −Σ_k y'_k log softmax(z_s)_k,  y' = (1 − α) onehot(y) + α p,  p_y = a,  p_k = (1 − a) / (K − 1) else
 * Source: "Revisiting Knowledge Distillation via Label Smoothing Regularization", arXiv:1909.11723, section 5.2;
 * the paper's equations 2 and 3 (temperature 1).
 */
import { softenedCrossEntropy } from '../engine/ops/rowTerms';
import { logitsShape, tokenLoss } from '../engine/ops/tokenLoss';
import { regularisedTarget } from './formulas';
import { defineMethod } from './method';

export const tfReg = defineMethod({
  id: 'tf-reg',
  label: 'TF-reg',
  summary: 'A made-up teacher that is right with a fixed probability stands in for a trained one.',
  paper: { label: 'Yuan et al. 2020, section 5.2', url: 'https://arxiv.org/abs/1909.11723' },
  formula: 'L = −Σₖ y′ₖ log softmax(z_s)ₖ,  y′ = (1 − α) onehot(y) + α p',
  where:
    'p is a with the next token y and (1 − a) / (K − 1) with each of the K − 1 others, z_s the student’s logits',
  terms: [{ id: 'smooth', label: 'regularised CE' }],
  settings: {
    alpha: {
      kind: 'number',
      label: 'Weight of the made-up teacher',
      symbol: 'α',
      default: 0.1,
      min: 0,
      max: 1,
      step: 0.05,
      hint: 'Higher: listen to the made-up teacher more. At 0 this is fine-tuning.',
      source: 'the paper names none; as for label smoothing, arXiv:1512.00567, section 7',
    },
    a: {
      kind: 'number',
      label: 'How often it is right',
      symbol: 'a',
      default: 0.9,
      min: 0.5,
      max: 1,
      step: 0.01,
      hint: 'Lower: a flatter teacher. At 1 this is fine-tuning.',
      source: 'arXiv:1909.11723, section 5.2 (a at least 0.9)',
    },
  },
  needs: [],
  loss: ({ student, targets }, { alpha, a }) => {
    const target = regularisedTarget(alpha, a, logitsShape(student.logits).classes);
    const smooth = softenedCrossEntropy({ ...target, weight: 1 });
    return tokenLoss(student.logits, targets, { smooth });
  },
});
