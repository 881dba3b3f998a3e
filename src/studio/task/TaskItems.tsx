import { Menu } from '@mantine/core';
import type { TaskId } from '../../recipe/data';
import { useStudio } from '../store';
import { taskLabel } from './taskWords';

/** The tasks that the data card's menu offers beside its texts. */
export function TaskItems() {
  const openTaskEditor = useStudio((state) => state.openTaskEditor);
  const tasks = useStudio((state) => state.tasks);
  const item = (id: TaskId, label: string) => (
    <Menu.Item key={id} onClick={() => openTaskEditor(id)}>
      {label}
    </Menu.Item>
  );
  return (
    <>
      <Menu.Divider />
      <Menu.Label>Tasks</Menu.Label>
      {tasks
        .filter(({ bundled }) => bundled)
        .map(({ id }) => item(id as TaskId, `${taskLabel(id)}, bundled`))}
      {item('glue/sst2', 'A task of GLUE …')}
      {item('superglue/boolq', 'A task of SuperGLUE …')}
      {item('custom', 'Own labelled file …')}
    </>
  );
}
