/** A task's rows on the Hub before they are taken: which splits, what they hold, and what fetching them would take. */
import { create } from 'zustand';
import { hubTaskOf } from '../../data/hubDatasets';
import type { Source } from '../../recipe/data';
import { formatHubSource } from '../../recipe/hubSource';
import type { DatasetCard, DatasetPart, ErrorReport, TaskInfo } from '../../worker/protocol';
import { FIRST_ROWS, type SplitChoice } from '../hub/split';
import { NO_QUESTION, oneQuestion, type Question, type QuestionOptions } from '../oneQuestion';
import { useStudio } from '../store';
import type { RowRefs } from './taskRecipe';
import type { NamedTaskId } from './taskWords';

/** What of a data set is wanted. */
export interface RowsChoice extends SplitChoice {
  /** MNLI's second one. */
  validationMismatched: string | null;
}

interface HubRowsState {
  /** Whose rows; null while the dialog is closed. */
  task: NamedTaskId | null;
  repo: string;
  dataset: DatasetCard | null;
  choice: RowsChoice | null;
  parts: { train: DatasetPart; validation: DatasetPart | null } | null;
  question: Question;
  /** Opens the dialog and asks for the usual place of the task's rows. */
  open: (task: NamedTaskId) => void;
  close: () => void;
  setRepo: (repo: string) => void;
  look: () => Promise<void>;
  choose: (change: Partial<RowsChoice>) => Promise<void>;
  showFirst: () => Promise<void>;
  /** Makes what is chosen the recipe's rows. */
  take: () => void;
}

/** The task's own splits where the data set has them, else the nearest that there are. */
export function rowsChoice({ configs }: DatasetCard, wanted: Partial<RowsChoice>): RowsChoice {
  const config = configs.find(({ name }) => name === wanted.config) ?? configs[0]!;
  const names = config.splits.map(({ name }) => name);
  const named = (name: string | null | undefined) => names.find((known) => known === name);
  const train = named(wanted.train) ?? named('train') ?? names[0]!;
  const held = wanted.validation === undefined ? 'validation' : wanted.validation;
  const second = named(wanted.validationMismatched) ?? null;
  return {
    config: config.name,
    train,
    validation: held !== train ? (named(held) ?? null) : null,
    validationMismatched: second,
    fraction: wanted.fraction ?? 1,
  };
}

/** What a recipe says for the choice. */
export function rowsOf({ repo }: Pick<DatasetCard, 'repo'>, choice: RowsChoice): RowRefs {
  const { config, train, validation, validationMismatched: second, fraction } = choice;
  const named = (split: string) => formatHubSource({ repo, split, ...(config !== 'default' && { config }) });
  const part = (split: string): Source =>
    split === train && fraction < 1 ? { source: named(split), fraction } : named(split);
  return {
    train: part(train),
    validation: part(validation ?? train),
    ...(second !== null && { validationMismatched: named(second) }),
  };
}

/** The columns that a task reads, and the label. */
export const columnsOf = ({ columns, labelColumn }: TaskInfo): string[] => [...columns, labelColumn];

/** Why rows with these columns are none of the task's; null when they may be. */
export function columnsProblem(
  info: TaskInfo,
  { repo, config }: { repo: string; config: string },
  { columns, split }: DatasetPart,
): ErrorReport | null {
  const missing = columnsOf(info).find((wanted) => columns.every(({ name }) => name !== wanted));
  if (missing === undefined) return null;
  const there = columns.map(({ name }) => `"${name}"`).join(', ') || 'none';
  return {
    name: 'DataError',
    message: `${repo}, ${config}, ${split} has no column "${missing}", which ${info.id} needs; its columns: ${there}`,
    hint: 'Choose another config, or bring its file as an own labelled file and map the columns',
    input: true,
  };
}

export const useHubRows = create<HubRowsState>()((set, get) => {
  const questions = oneQuestion((question) => set({ question }));
  const info = () => useStudio.getState().tasks.find(({ id }) => id === get().task)!;

  const partOf = async (choice: RowsChoice, split: string, options: QuestionOptions, rows?: number) => {
    const { connection, recipe } = useStudio.getState();
    const { config, fraction } = choice;
    const part = {
      ...{ config, split, columns: columnsOf(info()), seed: recipe.seed, rows },
      fraction: split === choice.train ? fraction : 1,
    };
    const { repo } = get().dataset!;
    return (await connection!.request({ type: 'inspectDataset', repo, part }, options)).part!;
  };

  async function describe(choice: RowsChoice, options: QuestionOptions): Promise<void> {
    const train = await partOf(choice, choice.train, options);
    const validation = choice.validation === null ? null : await partOf(choice, choice.validation, options);
    const { dataset } = get();
    if (options.signal.aborted || !dataset) return;
    const problem = columnsProblem(info(), { ...dataset, ...choice }, train);
    if (problem) throw Object.assign(new Error(problem.message), problem);
    set({ parts: { train, validation } });
  }

  const ask = (work: Parameters<typeof questions.ask>[0]) => {
    set({ parts: null });
    return questions.ask(work);
  };

  return {
    task: null,
    repo: '',
    dataset: null,
    choice: null,
    parts: null,
    question: NO_QUESTION,

    open(task) {
      set({ task, repo: hubTaskOf(task)?.repo ?? '', dataset: null, choice: null, question: NO_QUESTION });
      void get().look();
    },
    close() {
      questions.stop();
      set({ task: null, dataset: null, choice: null, parts: null, question: NO_QUESTION });
    },
    setRepo(repo) {
      questions.stop();
      set({ repo, dataset: null, choice: null, parts: null, question: NO_QUESTION });
    },
    look: () =>
      ask(async (options) => {
        const { repo, task } = get();
        const { connection } = useStudio.getState();
        if (!connection || !task || repo === '') return;
        set({ dataset: null, choice: null });
        const dataset = await connection.request({ type: 'inspectDataset', repo: repo.trim() }, options);
        if (options.signal.aborted) return;
        const preset = hubTaskOf(task);
        const choice = rowsChoice(dataset, { config: preset?.config, ...preset?.splits });
        set({ dataset, choice });
        await describe(choice, options);
      }),
    choose: (change) =>
      ask(async (options) => {
        const { dataset, choice } = get();
        if (!dataset || !choice) return;
        // Another config has splits of its own.
        const kept = change.config === undefined ? choice : { fraction: choice.fraction };
        const next = rowsChoice(dataset, { ...kept, ...change });
        set({ choice: next });
        await describe(next, options);
      }),
    showFirst: () =>
      questions.ask(async (options) => {
        const { choice, parts } = get();
        if (!choice || !parts) return;
        const train = await partOf(choice, choice.train, options, FIRST_ROWS);
        if (!options.signal.aborted) set({ parts: { ...parts, train } });
      }),
    take() {
      const { task, dataset, choice, close } = get();
      if (!task || !dataset || !choice) return;
      close();
      useStudio.getState().takeRows(task, rowsOf(dataset, choice));
    },
  };
});
