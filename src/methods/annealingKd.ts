/**
 * Annealing-KD: first imitate the teacher's logits, faint at the start and at full strength at the end; then
 * train on the text alone.
 *   phase 1: L = mean_k (z_s − φ(t) z_t)²,  φ(t) = 1 − (t − 1) / τ,  t = τ, τ − 1, …, 1
 *   phase 2: L = CE(y, z_s)
 * Source: "Annealing Knowledge Distillation", arXiv:2104.07163, equations 4 to 6.
 */
import { crossEntropy, logitsDistance } from '../engine/ops/rowTerms';
import { tokenLoss } from '../engine/ops/tokenLoss';
import { annealingFactor } from './formulas';
import { defineMethod, definePart, twoPhases } from './method';

interface Settings {
  tauMax: number;
  share: number;
}

const soft = definePart({
  id: 'soft phase',
  needs: ['teacherOutput'],
  loss: ({ student, teacher, targets, schedule }, { tauMax }: Settings) => {
    const factor = schedule((progress) => annealingFactor(progress, tauMax));
    return tokenLoss(student.logits, targets, {
      soft: logitsDistance({ teacher: teacher.logits, factor, weight: 1 }),
    });
  },
});

const hard = definePart({
  id: 'hard phase',
  needs: [],
  loss: ({ student, targets }, _: Settings) =>
    tokenLoss(student.logits, targets, { hard: crossEntropy({ weight: 1 }) }),
});

export const annealingKd = defineMethod({
  id: 'annealing-kd',
  label: 'Annealing-KD',
  summary: 'First match the teacher’s logits, faint at first and full at last; then train on the text alone.',
  paper: { label: 'Jafari et al. 2021, equations 4 to 6', url: 'https://arxiv.org/abs/2104.07163' },
  formula: 'phase 1: L = mean (z_s − φ(t) z_t)²,  φ(t) = 1 − (t − 1) / τ;  phase 2: L = CE(y, z_s)',
  where:
    't falls from τ to 1 in equal parts of phase 1, z_s and z_t are the logits of student and teacher, the mean is over classes',
  terms: [
    { id: 'soft', label: 'phase 1, distance to φ(t) z_t' },
    { id: 'hard', label: 'phase 2, CE' },
  ],
  settings: {
    tauMax: {
      kind: 'number',
      label: 'Highest temperature',
      symbol: 'τ',
      default: 10,
      min: 1,
      max: 100,
      step: 1,
      integer: true,
      hint: 'Higher: the teacher fades in from further away, in smaller steps.',
      source: 'arXiv:2104.07163, section 4.2 (10 for GLUE)',
    },
    share: {
      kind: 'number',
      label: 'Share of phase 1',
      default: 0.77,
      min: 0,
      max: 1,
      step: 0.01,
      hint: 'Higher: imitate the teacher longer, train on the text for less.',
      source: '10 of 13 epochs, the study’s setting',
    },
  },
  parts: [soft, hard],
  partAt: (step, steps, { share }) => twoPhases(step, steps, share),
});
