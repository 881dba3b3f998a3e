/** A data set of the Hub before it is loaded: what it holds, what of it is wanted, and what fetching that would take. */
import type { StateCreator } from 'zustand';
import type { Source } from '../recipe/data';
import { formatHubSource } from '../recipe/hubSource';
import type { DatasetCard, DatasetPart, TextRef } from '../worker/protocol';
import { FIRST_ROWS, type SplitChoice } from './hub/split';
import { NO_QUESTION, oneQuestion, type Question, type QuestionOptions } from './oneQuestion';
import type { StudioState } from './store';

/** What of a data set is wanted. */
export interface DatasetChoice extends SplitChoice {
  /** The column with the text; empty of plain texts. */
  column: string;
  /** What stands between rows that are one text together; null: every row is a document. */
  join: string | null;
}

export interface DatasetSlice {
  dataset: DatasetCard | null;
  datasetChoice: DatasetChoice | null;
  /** What is known of the chosen splits; null until their footers are read. */
  datasetParts: { train: DatasetPart; validation: DatasetPart | null } | null;
  datasetQuestion: Question;

  /** Asks what a data set holds; `wanted` is chosen where it is there. */
  lookUp: (repo: string, wanted?: Partial<DatasetChoice>) => Promise<void>;
  chooseOfDataset: (change: Partial<DatasetChoice>) => Promise<void>;
  /** Reads the first rows of the training split, which the page says the bytes of before. */
  showFirstRows: () => Promise<void>;
  /** Loads what is chosen: as the run's text, unless somebody else takes it. */
  loadDataset: (take?: (text: TextRef) => Promise<void>) => Promise<void>;
  /** Forgets it all, and stops what is still asked. */
  leaveDataset: () => void;
}

/** The choice nearest to what is wanted that a data set allows. */
export function choiceFor({ configs }: DatasetCard, wanted: Partial<DatasetChoice>): DatasetChoice {
  const config = configs.find(({ name }) => name === (wanted.config ?? 'default')) ?? configs[0]!;
  const names = config.splits.map(({ name }) => name);
  const train = names.find((name) => name === (wanted.train ?? 'train')) ?? names[0]!;
  const held = wanted.validation === undefined ? 'validation' : wanted.validation;
  const validation = names.find((name) => name === held && name !== train) ?? null;
  return {
    config: config.name,
    train,
    validation,
    column: wanted.column ?? 'text',
    join: wanted.join ?? null,
    fraction: wanted.fraction ?? 1,
  };
}

/** The column with the text, where the wanted one is not there: the first that holds text. */
export function columnFor({ columns }: DatasetPart, wanted: string): string {
  if (columns.some(({ name }) => name === wanted)) return wanted;
  return columns.find(({ type }) => type === 'text')?.name ?? columns[0]?.name ?? '';
}

/** What a recipe says for the choice. */
export function sourcesOf(
  { repo, configs }: DatasetCard,
  choice: DatasetChoice,
): Record<'train' | 'validation', Source> {
  const { config, train, validation, column, join, fraction } = choice;
  const named = (split: string) =>
    formatHubSource({
      repo,
      split,
      ...(configs.length > 1 && config !== 'default' && { config }),
      ...(column !== '' && column !== 'text' && { column }),
    });
  const part = (split: string): Source => {
    const share = split === train ? fraction : 1;
    if (share === 1 && join === null) return named(split);
    return { source: named(split), fraction: share, ...(join !== null && { join }) };
  };
  return { train: part(train), validation: part(validation ?? train) };
}

export const createDatasetSlice: StateCreator<StudioState, [], [], DatasetSlice> = (set, get) => {
  const questions = oneQuestion((datasetQuestion) => set({ datasetQuestion }));
  const asked = (work: Parameters<typeof questions.ask>[0]) => {
    set({ datasetParts: null });
    return questions.ask(work);
  };

  async function partOf(
    { repo }: DatasetCard,
    { config, column, train, fraction }: DatasetChoice,
    split: string,
    options: QuestionOptions,
    rows?: number,
  ): Promise<DatasetPart> {
    const { connection, recipe } = get();
    const columns = column === '' ? undefined : [column];
    const share = split === train ? fraction : 1;
    const part = { config, split, columns, fraction: share, seed: recipe.seed, rows };
    return (await connection!.request({ type: 'inspectDataset', repo, part }, options)).part!;
  }

  async function describe(card: DatasetCard, choice: DatasetChoice, options: QuestionOptions): Promise<void> {
    const ask = (split: string, column: string) => partOf(card, { ...choice, column }, split, options);
    const first = await ask(choice.train, choice.column);
    const column = columnFor(first, choice.column);
    const train = column === choice.column ? first : await ask(choice.train, column);
    const validation = choice.validation === null ? null : await ask(choice.validation, column);
    if (options.signal.aborted) return;
    set({ datasetChoice: { ...choice, column }, datasetParts: { train, validation } });
  }

  return {
    dataset: null,
    datasetChoice: null,
    datasetParts: null,
    datasetQuestion: NO_QUESTION,

    lookUp: (repo, wanted = {}) =>
      asked(async (options) => {
        set({ dataset: null, datasetChoice: null });
        const dataset = await get().connection!.request({ type: 'inspectDataset', repo }, options);
        if (options.signal.aborted) return;
        const choice = choiceFor(dataset, wanted);
        set({ dataset, datasetChoice: choice });
        await describe(dataset, choice, options);
      }),

    chooseOfDataset: (change) =>
      asked(async (options) => {
        const { dataset, datasetChoice } = get();
        if (!dataset || !datasetChoice) return;
        const { column, join, fraction } = datasetChoice;
        // Another config has splits of its own.
        const kept = change.config === undefined ? datasetChoice : { column, join, fraction };
        const choice = choiceFor(dataset, { ...kept, ...change });
        set({ datasetChoice: choice });
        await describe(dataset, choice, options);
      }),

    showFirstRows: () =>
      questions.ask(async (options) => {
        const { dataset, datasetChoice, datasetParts } = get();
        if (!dataset || !datasetChoice || !datasetParts) return;
        const train = await partOf(dataset, datasetChoice, datasetChoice.train, options, FIRST_ROWS);
        if (!options.signal.aborted) set({ datasetParts: { ...datasetParts, train } });
      }),

    async loadDataset(take = get().loadText) {
      const { dataset, datasetChoice, recipe } = get();
      if (!dataset || !datasetChoice) return;
      get().leaveDataset();
      await take({
        kind: 'hub',
        name: dataset.configs.length > 1 ? `${dataset.repo}, ${datasetChoice.config}` : dataset.repo,
        seed: recipe.seed,
        ...sourcesOf(dataset, datasetChoice),
      });
    },

    leaveDataset() {
      questions.stop();
      set({ dataset: null, datasetChoice: null, datasetParts: null, datasetQuestion: NO_QUESTION });
    },
  };
};
