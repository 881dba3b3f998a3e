import { Button, SegmentedControl, Select } from '@mantine/core';
import type { TaskId } from '../../recipe/data';
import type { TaskCard } from '../../worker/protocol';
import { ErrorCard } from '../pieces/ErrorCard';
import { Icon } from '../pieces/Icon';
import { LoadingStrip } from '../pieces/Progress';
import { useStudio } from '../store';
import { shownTasks, taskKey, type TaskEditorState } from '../storeTask';
import { BringFiles } from './BringFiles';
import { shapeText } from './counts';
import { OwnFile } from './OwnFile';
import { SeenTable } from './SeenTable';
import { TaskFacts } from './TaskFacts';
import { GROUPS, groupOf, taskLabel } from './taskWords';
import { useTaskCard, useTaskData } from './useTask';

/** What stands beside each other at 1440 × 900 without scrolling. */
const ROWS_SHOWN = 8;

function Head({ editor, shape }: { editor: TaskEditorState; shape: string }) {
  const tasks = useStudio((state) => state.tasks);
  const chooseTask = useStudio((state) => state.chooseTask);
  const close = useStudio((state) => state.closeTaskEditor);
  const busy = useStudio((state) => state.activeRunId !== null);
  const { group, chosen } = editor;
  const choices = tasks.filter(({ id }) => groupOf(id) === group);
  return (
    <div className="between task-head">
      <div className="row">
        <h2>Task</h2>
        <SegmentedControl
          size="xs"
          aria-label="Where the task comes from"
          data={[...GROUPS]}
          value={group}
          disabled={busy}
          onChange={(value) => chooseTask(chosen[value])}
        />
        {choices.length > 0 && (
          <Select
            size="xs"
            w={210}
            aria-label="Task"
            data={choices.map(({ id }) => ({ value: id, label: taskLabel(id) }))}
            value={chosen[group]}
            disabled={busy}
            allowDeselect={false}
            onChange={(value) => value && chooseTask(value as TaskId)}
          />
        )}
        <span className="small muted">{shape}</span>
      </div>
      <Button variant="subtle" size="xs" onClick={close} leftSection={<Icon name="close" />}>
        Back to the layers
      </Button>
    </div>
  );
}

function Named({
  task,
  card,
  stale,
}: {
  task: Exclude<TaskId, 'custom'>;
  card: TaskCard | null;
  stale: boolean;
}) {
  const bundled = useStudio((state) => state.tasks.find(({ id }) => id === task)?.bundled === true);
  return (
    <>
      {!bundled && <BringFiles task={task} />}
      {card && (
        <div className={stale ? 'task-stale' : undefined} aria-busy={stale}>
          <TaskFacts card={card} />
          <SeenTable card={card} most={ROWS_SHOWN} />
        </div>
      )}
    </>
  );
}

/** In the board's place: which task, where its rows are, and what the model sees of them. */
export function TaskEditor({ editor }: { editor: TaskEditorState }) {
  const chosen = editor.chosen[editor.group];
  const data = useTaskData();
  const { card, stale } = useTaskCard(data?.task === chosen ? data : null);
  const loading = useStudio((state) => state.loadingTask);
  const problem = useStudio((state) => state.problems.task);
  const dismiss = useStudio((state) => state.dismiss);
  const shown = card?.task === chosen ? card : null;
  // `watchTask` asks for them again as soon as nothing is wrong.
  const waits = useStudio((state) => shownTasks(state).some((one) => !state.taskCards[taskKey(one, state)]));
  return (
    <section className="card board task-editor" aria-label="Task editor">
      <Head editor={editor} shape={shown ? shapeText(shown) : ''} />
      {problem && (
        <ErrorCard
          error={problem}
          meaning={
            waits
              ? 'The task stays the recipe’s. A run waits for its rows.'
              : 'Nothing of the recipe was changed by it.'
          }
          action={waits ? { label: 'Try again', run: () => dismiss('task') } : undefined}
          onClose={waits ? undefined : () => dismiss('task')}
        />
      )}
      {loading && <LoadingStrip loading={loading} />}
      {chosen === 'custom' ? <OwnFile /> : <Named task={chosen} card={shown} stale={stale} />}
    </section>
  );
}
