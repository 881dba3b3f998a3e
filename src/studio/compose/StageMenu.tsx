import { Button, Menu } from '@mantine/core';
import { useRef, useState } from 'react';
import { HUB_TASKS, hubSourceOf, type HubTask } from '../../data/hubDatasets';
import type { TaskData, TaskId } from '../../recipe/data';
import { pickedFiles, TEXT_ACCEPT } from '../pieces/files';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { isStageBusy } from '../storeStages';
import { ownTask } from '../storeTask';
import { namedTask, taskLength } from '../task/taskRecipe';
import { taskLabel, wholeLabel } from '../task/taskWords';
import { DatasetDialog } from './DatasetDialog';

type Named = Exclude<TaskId, 'custom'>;

function hubRows(preset: HubTask) {
  const { train, validation, validationMismatched: second } = preset.splits;
  return {
    train: hubSourceOf(preset, train),
    validation: hubSourceOf(preset, validation ?? train),
    ...(second !== undefined && { validationMismatched: hubSourceOf(preset, second) }),
  };
}

/** The tasks that a stage can learn: the bundled ones, those of the Hub, and the own file of the task editor. */
function TaskChoices({ take }: { take: (data: TaskData) => void }) {
  const tasks = useStudio((state) => state.tasks);
  const longest = useStudio((state) => state.teacher?.config.nPositions ?? Infinity);
  const data = useStudio((state) => state.recipe.data);
  const rows = useStudio((state) => state.ownRows);
  const length = taskLength(data, longest);
  return (
    <>
      <Menu.Divider />
      <Menu.Label>Tasks</Menu.Label>
      {tasks
        .filter(({ bundled }) => bundled)
        .map(({ id }) => (
          <Menu.Item
            key={id}
            onClick={() => take(namedTask(id as Named, { train: 'demo', validation: 'demo' }, length))}
          >
            {taskLabel(id)}, bundled
          </Menu.Item>
        ))}
      {rows && (
        <Menu.Item
          onClick={() => {
            const own = ownTask(useStudio.getState());
            if (own) take(own);
          }}
        >
          {rows.train.name}, as in the task editor
        </Menu.Item>
      )}
      <Menu.Label>Tasks of the Hub</Menu.Label>
      {HUB_TASKS.map((preset) => (
        <Menu.Item
          key={preset.task}
          onClick={() => take(namedTask(preset.task as Named, hubRows(preset), length))}
        >
          {wholeLabel(preset.task)}
        </Menu.Item>
      ))}
    </>
  );
}

/** What one stage can learn from: the run's data, or a text or a task of its own. */
export function StageMenu({ index }: { index: number }) {
  const setData = useStudio((state) => state.setStageData);
  const loadText = useStudio((state) => state.loadStageText);
  const dismiss = useStudio((state) => state.dismissStage);
  const own = useStudio((state) => state.recipe.stages[index]?.data !== undefined);
  const busy = useStudio(isStageBusy);
  const input = useRef<HTMLInputElement>(null);
  const [hub, setHub] = useState(false);
  const take = (data: TaskData | undefined) => {
    dismiss();
    setData(index, data);
  };
  return (
    <>
      {hub && <DatasetDialog opened onClose={() => setHub(false)} take={(text) => loadText(index, text)} />}
      <Menu position="bottom-end" width={280} shadow="none">
        <Menu.Target>
          <Button variant="subtle" size="xs" disabled={busy} rightSection={<Icon name="chevron" />}>
            Change<span className="visually-hidden"> what stage {index + 1} learns from</span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown className="stage-menu">
          <Menu.Item disabled={!own} onClick={() => take(undefined)}>
            The same as the run
          </Menu.Item>
          <Menu.Item onClick={() => void loadText(index, { kind: 'demo' })}>Demo text, bundled</Menu.Item>
          <Menu.Item onClick={() => input.current?.click()}>Own text files …</Menu.Item>
          <Menu.Item onClick={() => setHub(true)}>From the Hub …</Menu.Item>
          <TaskChoices take={take} />
        </Menu.Dropdown>
      </Menu>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label={`Text files of stage ${index + 1}`}
        data-picker="stage-text"
        accept={TEXT_ACCEPT}
        onChange={(event) => {
          const { files } = event.currentTarget;
          if (files?.length) void loadText(index, { kind: 'files', ...pickedFiles([...files]) });
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}
