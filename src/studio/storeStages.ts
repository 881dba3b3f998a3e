/**
 * What stages learn from that have data of their own: texts and tasks that were chosen for one stage, and what the
 * session has found in them. Every problem says which stage it is of.
 */
import type { StateCreator } from 'zustand';
import { partOf, rowLength, type RecipeData, type TaskData, type TextData } from '../recipe/data';
import { isHubSource } from '../recipe/hubSource';
import { dataOf } from '../recipe/pipeline';
import type { Recipe } from '../recipe/recipe';
import type { TaskCard, TextCard, TextRef } from '../worker/protocol';
import { reportOf, wasCancelled } from './connection';
import { dataWords, ofStage, type StageProblem } from './stageWords';
import type { StudioState } from './store';
import { follow, type Loading } from './storeLoading';
import { taskKey } from './storeTask';

export interface StagesSlice {
  /** What is known of stages' own texts, by `taskKey`; the last few. */
  stageTexts: Readonly<Record<string, TextCard>>;
  /** Of stage `loadingStageIndex`. */
  loadingStage: Loading | null;
  loadingStageIndex: number;
  /** Somebody asked for it and waits; what is only counted gives way. */
  stageAsked: boolean;
  stageProblem: StageProblem | null;

  /** Makes these the stage's own data; undefined: it learns from the run's. */
  setStageData: (index: number, data: RecipeData | undefined, group?: string) => void;
  /** Loads a text for a stage, which then learns from it. */
  loadStageText: (index: number, text: TextRef) => Promise<void>;
  /** Asks the session what the data of a stage hold, which fetches what is not here yet. `asked`: by somebody. */
  countStage: (index: number, asked?: boolean) => Promise<void>;
  dismissStage: () => void;
}

const KEPT_CARDS = 12;

/** A stage has its own data, and what they hold is asked by itself: all but what would have to be fetched. */
export function uncountedStage(state: StudioState): number | undefined {
  const found = state.recipe.stages.findIndex(({ data }) => {
    if (!data || stageCard(state, data) || state.stageProblem?.data === data) return false;
    return !isHubSource(partOf(data.train).source) && !isHubSource(partOf(data.validation).source);
  });
  return found < 0 ? undefined : found;
}

/** Whether somebody waits for a stage's data, or a run has the device. */
export const isStageBusy = ({ loadingStage, stageAsked, activeRunId }: StudioState): boolean =>
  (loadingStage !== null && stageAsked) || activeRunId !== null;

type Cards = Pick<StudioState, 'stageTexts' | 'taskCards' | 'teacher' | 'recipe'>;

/** What is known of a stage's own data. */
export function stageCard(state: Cards, data: RecipeData): TextCard | TaskCard | undefined {
  const key = taskKey(data, state);
  return data.kind === 'lm' ? state.stageTexts[key] : state.taskCards[key];
}

/** The recipe with other data of one stage. */
function withStageData(recipe: Recipe, index: number, data: RecipeData | undefined): Recipe {
  const stages = recipe.stages.map((stage, i) => {
    if (i !== index) return stage;
    const { data: _, ...rest } = stage;
    return data ? { ...rest, data } : rest;
  });
  return { ...recipe, stages };
}

export const createStagesSlice: StateCreator<StudioState, [], [], StagesSlice> = (set, get) => {
  const fail = (index: number, data: RecipeData | null, error: unknown) => {
    if (!wasCancelled(error)) set({ stageProblem: { index, data, error: ofStage(index, reportOf(error)) } });
  };
  const free = () => {
    const { phase, loadingStage, stageAsked, activeRunId } = get();
    return phase === 'ready' && !(loadingStage && stageAsked) && !activeRunId;
  };
  /** What is on its way; an earlier one that gave way must not end the later one's progress. */
  let turn = 0;
  const begin = (index: number, label: string) => {
    get().loadingStage?.cancel();
    turn++;
    set({ stageProblem: null, loadingStageIndex: index });
    return follow(get().connection!, set, 'loadingStage', label);
  };
  async function waitFor(asked: boolean, work: () => Promise<void>, failed: (error: unknown) => void) {
    set({ stageAsked: asked });
    const own = turn + 1;
    try {
      await work();
    } catch (error) {
      failed(error);
    } finally {
      if (turn === own) set({ loadingStage: null });
    }
  }
  const keepText = (data: TextData, card: TextCard) => {
    const kept = Object.entries(get().stageTexts).slice(1 - KEPT_CARDS);
    set({ stageTexts: Object.fromEntries([...kept, [taskKey(data, get()), card]]) });
  };

  async function countTask(index: number, data: TaskData): Promise<void> {
    const options = begin(index, dataWords(data));
    const { seed } = get().recipe;
    const key = taskKey(data, get());
    const card = await get().connection!.request({ type: 'inspectTask', data, seed }, options);
    set({ taskCards: { ...get().taskCards, [key]: card } });
  }

  /** `text` where it is loaded anew; else the data's own sources are read. */
  async function countText(index: number, data: TextData, text?: TextRef): Promise<TextCard> {
    const { train, validation, contextLength, cleaning } = data;
    const { seed } = get().recipe;
    const ref: TextRef = text ?? { kind: 'hub', name: dataWords(data), train, validation, seed };
    const options = begin(index, ref.kind === 'demo' ? 'the demo text' : ref.name);
    return get().connection!.request(
      { type: 'loadText', text: ref, contextLength, ...(cleaning && { cleaning }) },
      options,
    );
  }

  return {
    stageTexts: {},
    loadingStage: null,
    loadingStageIndex: 0,
    stageAsked: false,
    stageProblem: null,

    setStageData: (index, data, group) => get().edit((recipe) => withStageData(recipe, index, data), group),

    async loadStageText(index, text) {
      const { recipe, teacher } = get();
      const stage = recipe.stages[index];
      if (!free() || !stage) return;
      const old = dataOf(recipe, stage);
      const contextLength = Math.min(rowLength(old), teacher?.config.nPositions ?? Infinity);
      const cleaning = stage.data?.kind === 'lm' && stage.data.cleaning;
      const base = { kind: 'lm' as const, contextLength, ...(cleaning && { cleaning }) };
      const work = async () => {
        const card = await countText(index, { ...base, train: 'demo', validation: 'demo' }, text);
        const data = { ...base, ...(card.parts ?? { train: card.ref, validation: card.ref }) };
        keepText(data, card);
        get().setStageData(index, data);
      };
      await waitFor(true, work, (error) => fail(index, null, error));
    },

    async countStage(index, asked = false) {
      const data = get().recipe.stages[index]?.data;
      if (!free() || !data) return;
      const work = async () => {
        if (data.kind === 'task') await countTask(index, data);
        else keepText(data, await countText(index, data));
      };
      await waitFor(asked, work, (error) => fail(index, data, error));
    },

    dismissStage: () => set({ stageProblem: null }),
  };
};
