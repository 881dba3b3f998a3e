import { Switch } from '@mantine/core';
import type { Stage } from '../../recipe/recipe';
import { NumberField } from '../pieces/NumberField';
import { useStudio } from '../store';
import { classesOf, knowsTask, taughtTask, teacherStage } from './taskRecipe';

function Length({ stage, onChange }: { stage: Stage; onChange: (stage: Stage) => void }) {
  const { epochs, steps } = stage;
  return epochs === undefined ? (
    <NumberField
      label="Steps of the teacher"
      hideLabel
      value={steps ?? 200}
      min={1}
      max={1e6}
      step={50}
      integer
      onChange={(value) => onChange({ ...stage, steps: value })}
    />
  ) : (
    <NumberField
      label="Epochs of the teacher"
      hideLabel
      value={epochs}
      min={0.01}
      max={1000}
      step={1}
      onChange={(value) => onChange({ ...stage, epochs: value })}
    />
  );
}

/** A language model learns the task before it teaches it; a classifier of the task is taken as it is, or trained on. */
export function TeacherStage() {
  const teacher = useStudio((state) => state.teacher);
  const methods = useStudio((state) => state.methods);
  const tasks = useStudio((state) => state.tasks);
  const recipe = useStudio((state) => state.recipe);
  const edit = useStudio((state) => state.edit);
  const data = taughtTask(recipe, methods);
  if (!data || !teacher) return null;
  const own = recipe.data.kind === 'task' ? undefined : data;
  const { stages } = recipe.teacher;
  const stage = stages?.[0];
  const knows = knowsTask(teacher, classesOf(data, tasks));
  const change = (next: Stage | null) =>
    edit((old) => {
      const { stages: before, ...rest } = old.teacher;
      return { ...old, teacher: next ? { ...rest, stages: [next, ...(before ?? []).slice(1)] } : rest };
    }, 'teacher-stage');
  return (
    <div className="teach-first" role="group" aria-label="The teacher">
      <Switch
        size="xs"
        label="Fine-tune the teacher first"
        checked={stage !== undefined}
        disabled={!knows}
        onChange={(event) => change(event.currentTarget.checked ? teacherStage(own) : null)}
      />
      {stage && (
        <span className="row small muted">
          <Length stage={stage} onChange={change} />
          {stage.epochs === undefined ? 'steps of' : 'epochs, batches of'}
          <NumberField
            label="Batch size of the teacher"
            hideLabel
            value={stage.batchSize}
            min={1}
            max={1024}
            step={1}
            integer
            onChange={(batchSize) => change({ ...stage, batchSize })}
          />
        </span>
      )}
      <span className="tiny faint">
        {knows
          ? `${teacher.name} is a classifier of this task and can teach as it is.`
          : `${teacher.name} is a language model: it learns the task on the same rows, then teaches it.`}
      </span>
    </div>
  );
}
