/** The objectives of `fixtures/losses.json` through the methods that have them, on given logits. */
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { hostTensor } from '../../engine/host';
import type { LossTerms, Targets } from '../../engine/ops/tokenLoss';
import { METHODS } from '../../methods/index';
import type { LossInputs, Progress } from '../../methods/method';
import type { SettingValues } from '../../recipe/settings';
import { randomStream } from '../../random';

export interface ObjectiveFixture {
  loss: string;
  parameters: { alpha?: number; T?: number; a?: number; t?: number; tau_max?: number };
}

interface Objective {
  method: string;
  settings: SettingValues;
  progress?: Pick<Progress, 'step' | 'steps'>;
}

/** Which method computes an objective, and with which settings. Throws for an unknown one. */
function objectiveOf({ loss, parameters }: ObjectiveFixture): Objective {
  const { alpha = 0, T = 1, a = 1, t = 1, tau_max = 1 } = parameters;
  switch (loss) {
    case 'cross_entropy':
      return { method: 'fine-tune', settings: {} };
    case 'label_smoothing':
      return { method: 'label-smoothing', settings: { alpha } };
    case 'tf_reg':
      return { method: 'tf-reg', settings: { alpha, a } };
    case 'vanilla_kd':
      return { method: 'vanilla-kd', settings: { alpha, temperature: T } };
    case 'annealing_kd':
      // One step for each temperature, the highest first.
      return {
        method: 'annealing-kd',
        settings: { tauMax: tau_max, share: 1 },
        progress: { step: tau_max - t, steps: tau_max },
      };
    default:
      throw new Error(`no method for the objective ${loss}`);
  }
}

/** The objective's value on dense logits of student and teacher, differentiable in the student's. */
export function objectiveOnLogits(
  fixture: ObjectiveFixture,
  student: Tensor2D,
  teacher: Tensor2D,
  targets: Targets,
): LossTerms {
  const { method: id, settings, progress } = objectiveOf(fixture);
  const method = METHODS.find((candidate) => candidate.id === id)!;
  const at = { step: 0, steps: 1, epoch: 0, ...progress };
  const inputs: Partial<LossInputs> = {
    student: { hidden: student, logits: { kind: 'dense', tensor: student }, hiddenStates: [] },
    teacher: { hidden: teacher, logits: { kind: 'dense', tensor: teacher }, hiddenStates: [] },
    targets,
    share: 1,
    schedule: (value) => () => value(at),
    drawn: (shape, dtype, draw) => hostTensor(shape, dtype, () => draw(randomStream(1, 'objective'))),
  };
  return method.parts[0]!.loss(inputs as LossInputs, settings);
}
