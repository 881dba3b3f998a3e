/** What the page knows of a task. */
import { useState } from 'react';
import type { TaskData } from '../../recipe/data';
import { dataOf } from '../../recipe/pipeline';
import type { ModelCard, TaskCard } from '../../worker/protocol';
import { useStudio } from '../store';
import { taskKey } from '../storeTask';
import { classesOf, knowsTask } from './taskRecipe';

/** The card of a task; while a changed one is being read, the one before, marked as stale. */
export function useTaskCard(data: TaskData | null): { card: TaskCard | null; stale: boolean } {
  const card = useStudio((state) => (data ? (state.taskCards[taskKey(data, state)] ?? null) : null));
  const [last, setLast] = useState<TaskCard | null>(null);
  if (card && card !== last) setLast(card);
  const kept = last && last.task === data?.task ? last : null;
  return { card: card ?? kept, stale: card === null };
}

/** The recipe's task; null while it has a text. */
export function useTaskData(): TaskData | null {
  return useStudio(({ recipe: { data } }) => (data.kind === 'task' ? data : null));
}

/**
 * `classifier 2 × 768, new`, or `new in stage 3` where stages of text come first: what stands on the student's last layer
 * norm; null for a language model.
 */
export function useHeadText(teacher: ModelCard): string | null {
  const recipe = useStudio((state) => state.recipe);
  const tasks = useStudio((state) => state.tasks);
  const datas = recipe.stages.map((stage) => dataOf(recipe, stage));
  const index = datas.findIndex(({ kind }) => kind === 'task');
  const data = recipe.data.kind === 'task' ? recipe.data : datas[index];
  const task = data?.kind === 'task' ? data : null;
  const classes = task ? classesOf(task, tasks) : (teacher.config.classifier?.labels ?? []);
  if (classes.length === 0) return null;
  const own = task === null || knowsTask(teacher, classes);
  const made = index > 0 ? `new in stage ${index + 1}` : 'new';
  return `classifier ${classes.length} × ${teacher.config.nEmbd}, ${own ? 'the teacher’s' : made}`;
}
