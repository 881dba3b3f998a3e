/** The task that a recipe may have in the place of a text: what its rows are, its editor, and the files brought for it. */
import type { StateCreator } from 'zustand';
import type { RecipeData, TaskData, TaskId } from '../recipe/data';
import type { RowsCard, TaskCard, TaskInfo } from '../worker/protocol';
import { reportOf, wasCancelled } from './connection';
import { stagesRefusal } from './stageWords';
import { follow, type Loading } from './storeLoading';
import type { StudioState } from './store';
import { customTask, guessMapping, mappingProblem, type Mapping } from './task/mapping';
import { assignFiles, type RowPart } from './task/rowFiles';
import { namedTask, taskLength, withTask, type RowRefs } from './task/taskRecipe';
import { groupOf, type TaskGroup } from './task/taskWords';

/** An own file and how its columns are used; without a second file a part of it is held out. */
export interface OwnRows {
  train: RowsCard;
  validation: RowsCard | null;
  mapping: Mapping;
}

export interface TaskEditorState {
  group: TaskGroup;
  /** The task that is chosen in each group, whether its rows are there or not. */
  chosen: Readonly<Record<TaskGroup, TaskId>>;
}

export interface TaskSlice {
  tasks: readonly TaskInfo[];
  /** What is known of tasks, by `taskKey`; the last few. */
  taskCards: Readonly<Record<string, TaskCard>>;
  loadingTask: Loading | null;
  /** Null while the board is shown. */
  taskEditor: TaskEditorState | null;
  /** Files that were brought for named tasks. */
  broughtRows: Readonly<Partial<Record<TaskId, Partial<Record<RowPart, RowsCard>>>>>;
  ownRows: OwnRows | null;
  openTaskEditor: (task?: TaskId) => void;
  closeTaskEditor: () => void;
  chooseTask: (task: TaskId) => void;
  /** Rows that were taken from the Hub, as a recipe names them. */
  takenRows: Readonly<Partial<Record<TaskId, RowRefs>>>;
  takeRows: (task: Exclude<TaskId, 'custom'>, refs: RowRefs) => void;
  bringRows: (files: readonly File[], part?: RowPart) => Promise<void>;
  mapColumns: (mapping: Mapping) => void;
  /** Makes the own file, as it is mapped, the recipe's data. */
  takeOwnRows: () => void;
  inspectTask: (data: TaskData) => Promise<void>;
}

const KEPT_CARDS = 12;
const CHOSEN: TaskEditorState['chosen'] = {
  glue: 'glue/sst2',
  superglue: 'superglue/boolq',
  wordnet: 'wordnet/category',
  custom: 'custom',
};

/** Tells tasks, and texts, apart by all that their card depends on. */
export const taskKey = (
  data: RecipeData,
  { teacher, recipe }: Pick<StudioState, 'teacher' | 'recipe'>,
): string => JSON.stringify([data, recipe.seed, teacher?.ref]);

/** The own file as it is mapped now; null while something is missing. */
export function ownTask({ ownRows, recipe, teacher }: StudioState): TaskData | null {
  if (!ownRows) return null;
  const { train, validation, mapping } = ownRows;
  const refs = { train: train.ref, validation: (validation ?? train).ref };
  return customTask(mapping, refs, taskLength(recipe.data, teacher?.config.nPositions ?? Infinity));
}

/** The tasks whose cards are looked at: the recipe's, and the one that is being mapped. */
export function shownTasks(state: StudioState): TaskData[] {
  const { data } = state.recipe;
  const own = state.taskEditor?.group === 'custom' ? ownTask(state) : null;
  return [...(data.kind === 'task' ? [data] : []), ...(own ? [own] : [])];
}

/** Why a run has nothing to learn from; null when it has. */
export function dataRefusal(state: StudioState): string | null {
  const { data } = state.recipe;
  const stages = stagesRefusal(state.recipe, state.stageProblem);
  if (stages) return `${stages.message}.`;
  // The run would begin with what the stage had before.
  if (state.loadingStage && state.stageAsked)
    return `What stage ${state.loadingStageIndex + 1} learns from is being loaded.`;
  if (data.kind === 'lm') return state.text ? null : 'No text is loaded.';
  if (state.taskCards[taskKey(data, state)]) return null;
  return state.problems.task
    ? 'The rows of the task are not loaded.'
    : 'The rows of the task are being read.';
}

export const createTaskSlice: StateCreator<StudioState, [], [], TaskSlice> = (set, get) => {
  const fail = (error: unknown) => {
    if (!wasCancelled(error)) set({ problems: { ...get().problems, task: reportOf(error) } });
  };
  const longest = () => get().teacher?.config.nPositions ?? Infinity;
  const apply = (data: TaskData) => get().edit((recipe) => withTask(recipe, data));

  /** A named task whose rows are all there becomes the recipe's. */
  const applyNamed = (task: TaskId) => {
    if (task === 'custom') return;
    const { tasks, broughtRows, takenRows, recipe } = get();
    const length = taskLength(recipe.data, longest());
    if (tasks.find(({ id }) => id === task)?.bundled) {
      apply(namedTask(task, { train: 'demo', validation: 'demo' }, length));
      return;
    }
    const { train, validation, validationMismatched } = broughtRows[task] ?? {};
    const taken = takenRows[task];
    if (taken) apply(namedTask(task, taken, length));
    if (taken || !train || !validation) return;
    const refs = { train: train.ref, validation: validation.ref };
    apply(namedTask(task, { ...refs, validationMismatched: validationMismatched?.ref }, length));
  };

  /** Sends files into the session. Cards of other files of that name are forgotten. */
  async function load(name: string, files: readonly File[]): Promise<RowsCard | null> {
    const { connection, phase } = get();
    if (!connection || phase !== 'ready') return null;
    const options = follow(connection, set, 'loadingTask', name);
    try {
      const card = await connection.request({ type: 'loadRows', name, files: [...files] }, options);
      const kept = Object.entries(get().taskCards).filter(([key]) => !key.includes(JSON.stringify(card.ref)));
      set({ taskCards: Object.fromEntries(kept) });
      return card;
    } catch (error) {
      fail(error);
      return null;
    } finally {
      set({ loadingTask: null });
    }
  }

  async function bringNamed(task: TaskId, files: readonly File[], fallback: RowPart) {
    const parts = assignFiles(files, task === 'glue/mnli', fallback);
    for (const [part, chosen] of Object.entries(parts) as [RowPart, File[]][]) {
      const card = await load(`${task}/${chosen[0]!.name}`, chosen);
      if (!card) return;
      const { broughtRows, takenRows } = get();
      const { [task]: _, ...others } = takenRows;
      set({
        takenRows: others,
        broughtRows: { ...broughtRows, [task]: { ...broughtRows[task], [part]: card } },
      });
    }
    applyNamed(task);
  }

  async function bringOwn(files: readonly File[], part: RowPart) {
    const parts = files.length > 1 ? assignFiles(files, false, part) : { [part]: files };
    const train = parts.train ?? (parts.validation ? undefined : files.slice(0, 1));
    if (train) {
      const card = await load(train[0]!.name, train);
      if (!card) return;
      set({ ownRows: { train: card, validation: null, mapping: guessMapping(card.columns) } });
    }
    if (!parts.validation) return;
    const card = await load(`validation/${parts.validation[0]!.name}`, parts.validation);
    const { ownRows } = get();
    if (card && ownRows) set({ ownRows: { ...ownRows, validation: card } });
  }

  return {
    tasks: [],
    taskCards: {},
    loadingTask: null,
    taskEditor: null,
    broughtRows: {},
    takenRows: {},
    ownRows: null,

    openTaskEditor(task) {
      const { recipe, taskEditor } = get();
      const shown = task ?? (recipe.data.kind === 'task' ? recipe.data.task : 'wordnet/category');
      const group = groupOf(shown);
      set({ taskEditor: { group, chosen: { ...(taskEditor?.chosen ?? CHOSEN), [group]: shown } } });
      if (task) applyNamed(task);
    },
    closeTaskEditor: () => set({ taskEditor: null }),
    chooseTask(task) {
      const { problems, openTaskEditor } = get();
      const { task: _, ...others } = problems;
      set({ problems: others });
      openTaskEditor(task);
    },
    takeRows(task, refs) {
      get().dismiss('task');
      set({ takenRows: { ...get().takenRows, [task]: refs } });
      applyNamed(task);
    },
    async bringRows(files, part = 'train') {
      const { taskEditor, loadingTask, dismiss } = get();
      if (!taskEditor || loadingTask || files.length === 0) return;
      dismiss('task');
      const task = taskEditor.chosen[taskEditor.group];
      await (task === 'custom' ? bringOwn(files, part) : bringNamed(task, files, part));
    },
    mapColumns(mapping) {
      const { ownRows } = get();
      if (ownRows) set({ ownRows: { ...ownRows, mapping } });
    },
    takeOwnRows() {
      const data = ownTask(get());
      if (data && mappingProblem(get().ownRows!.mapping) === null) apply(data);
    },
    async inspectTask(data) {
      const { connection, phase, loadingTask, recipe } = get();
      if (!connection || phase !== 'ready' || loadingTask) return;
      const key = taskKey(data, get());
      const options = follow(connection, set, 'loadingTask', 'the rows');
      try {
        const card = await connection.request({ type: 'inspectTask', data, seed: recipe.seed }, options);
        const kept = Object.entries(get().taskCards).slice(1 - KEPT_CARDS);
        set({ taskCards: Object.fromEntries([...kept, [key, card]]) });
      } catch (error) {
        // A cancelled one is not asked again by itself.
        set({ problems: { ...get().problems, task: reportOf(error) } });
      } finally {
        set({ loadingTask: null });
      }
    },
  };
};
