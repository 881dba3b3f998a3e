import { TextPanel } from '../compose/TextPanel';
import { useTaskData } from './useTask';
import { TaskPanel } from './TaskPanel';

/** What the student learns from: a text or a task. */
export function DataCard() {
  return useTaskData() ? <TaskPanel /> : <TextPanel />;
}
