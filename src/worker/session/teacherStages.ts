/** Trains the whole teacher on a run's data before the student: for a task, so that there is somebody to learn from. */
import { CancelledError } from '../../errors';
import { METHODS } from '../../methods/index';
import type { Model } from '../../model/gpt2';
import { frozenView } from '../../model/params';
import { createControl } from '../../train/control';
import { stageSteps } from '../../train/stage';
import { train } from '../../train/trainer';
import { lessonOf } from './curriculum';
import type { Prepared } from './prepare';
import type { Pupil } from './pupil';
import type { Task } from './task';

/**
 * Trains `pupil` in place by the recipe's `teacher.stages` and returns it frozen. `onControl` gets what pauses and stops
 * this training. Throws CancelledError when it is stopped: a student of a half-taught teacher would say nothing.
 */
export async function trainTeacher(
  { recipe, curriculum }: Pick<Prepared, 'recipe' | 'curriculum'>,
  pupil: Pupil,
  task: Task,
  onControl: (control: ReturnType<typeof createControl>) => void,
): Promise<Model> {
  const stages = recipe.teacher.stages!;
  const steps = stages
    .map((stage, index) => stageSteps(stage, curriculum.of(stage).batches(stage, index).windows))
    .reduce((sum, count) => sum + count, 0);
  const control = createControl();
  onControl(control);
  const stop = () => void control.stop();
  task.signal.addEventListener('abort', stop);
  try {
    const { stopped } = await train({
      recipe: { ...recipe, stages, evaluation: { ...recipe.evaluation, every: 0 } },
      methods: METHODS,
      lesson: (stage, index) => lessonOf(curriculum, pupil, null, stage, index),
      control,
      onEvent: (event) => {
        if (event.type === 'step') task.progress('training the teacher', event.step, steps, 'steps');
      },
    });
    if (stopped) throw new CancelledError('the run was stopped while its teacher was being trained');
  } finally {
    task.signal.removeEventListener('abort', stop);
  }
  const { model } = pupil;
  return { ...model, params: frozenView(model.params) };
}
