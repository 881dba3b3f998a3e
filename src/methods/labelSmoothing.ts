/**
 * Label smoothing: every class but the right one gets a little of the target, so that the student never becomes
 * certain.
 *   L = −Σ_k y'_k log softmax(z_s)_k,  y' = (1 − α) onehot(y) + α / K
 * Source: "Rethinking the Inception Architecture", arXiv:1512.00567, section 7; the paper's equation 1.
 */
import { softenedCrossEntropy } from '../engine/ops/rowTerms';
import { logitsShape, tokenLoss } from '../engine/ops/tokenLoss';
import { smoothedTarget } from './formulas';
import { defineMethod } from './method';

export const labelSmoothing = defineMethod({
  id: 'label-smoothing',
  label: 'Label smoothing',
  summary: 'Plain training in which the target leaves a little room for every other token. No teacher.',
  paper: { label: 'Szegedy et al. 2016, section 7', url: 'https://arxiv.org/abs/1512.00567' },
  formula: 'L = −Σₖ y′ₖ log softmax(z_s)ₖ,  y′ = (1 − α) onehot(y) + α / K',
  where: 'y is the next token, z_s the student’s logits, K the number of classes (the vocabulary)',
  terms: [{ id: 'smooth', label: 'smoothed CE' }],
  settings: {
    alpha: {
      kind: 'number',
      label: 'Share of the uniform part',
      symbol: 'α',
      default: 0.1,
      min: 0,
      max: 1,
      step: 0.05,
      hint: 'Higher: flatter predictions. At 0 this is fine-tuning.',
      source: 'arXiv:1512.00567, section 7 (ε = 0.1)',
    },
  },
  needs: [],
  loss: ({ student, targets }, { alpha }) => {
    const target = smoothedTarget(alpha, logitsShape(student.logits).classes);
    const smooth = softenedCrossEntropy({ ...target, weight: 1 });
    return tokenLoss(student.logits, targets, { smooth });
  },
});
