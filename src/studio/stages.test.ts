/** What stages learn from, as the page chooses it, against a session on the fixtures' tiny GPT-2. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import demo from '../../recipes/pipeline-demo.json';
import { PAPER_CLEANING } from '../recipe/cleaning';
import type { TextData } from '../recipe/data';
import { prose, tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type RequestOptions } from '../worker/client';
import { portPair } from '../worker/port';
import type { CommandBody, CommandType } from '../worker/protocol';
import { createSession } from '../worker/session';
import { cleaningNow, useCleaning } from './clean/cleanStore';
import type { Connection } from './connection';
import { openRecipeFile, openWritten } from './openRecipe';
import { useStudio } from './store';
import { stageCard } from './storeStages';
import { dataRefusal } from './storeTask';
import { watchStages } from './watchStages';
import { watchTask } from './task/watchTask';

// Node clones a File into a Blob without a name; browsers do not.
const ends = portPair((message) => message);
const client = createClient(ends[0]);
const connection: Connection = {
  request<T extends CommandType>(command: CommandBody & { type: T }, options?: RequestOptions) {
    return client.request<T>(command, options);
  },
  onEvent: (listener) => client.onEvent(listener),
  onGone: () => undefined,
  close: () => undefined,
};
const initial = useStudio.getState();
const state = () => useStudio.getState();
const stop: (() => void)[] = [];

beforeAll(async () => {
  createSession(ends[1], tinyPlatform());
  await state().open(connection);
  stop.push(watchStages(useStudio), watchTask(useStudio));
});
afterAll(() => {
  stop.forEach((end) => end());
  ends.forEach((end) => end.close());
});
beforeEach(() => {
  const { recipe, stageIndex } = initial;
  useStudio.setState({ recipe, stageIndex, problems: {}, stageProblem: null });
});

const files = (name: string, words: number) => ({
  kind: 'files' as const,
  name,
  files: [new File([prose(words, 7)], name)],
});
const add = (count: number) =>
  state().edit((recipe) => ({
    ...recipe,
    stages: Array.from({ length: count }, () => recipe.stages[0]!),
  }));

test('a stage takes files of its own, a share of them, and their cleaning; the run’s text stays', async () => {
  add(2);
  await state().loadStageText(0, files('own.txt', 4000));
  const own = state().recipe.stages[0]!.data!;
  expect(own).toMatchObject({ kind: 'lm', train: 'text:own.txt', validation: 'text:own.txt' });
  expect(state().recipe.data).toMatchObject({ train: 'demo' });
  expect(state().text!.name).toBe('Demo text');
  const card = stageCard(state(), own)!;
  expect(card).toMatchObject({ name: 'own.txt' });
  expect(state().recipe.stages[1]!.data).toBeUndefined();

  // A change of it is counted anew, by itself.
  state().setStageData(0, { ...own, cleaning: PAPER_CLEANING } as typeof own);
  await vi.waitFor(() => expect(stageCard(state(), state().recipe.stages[0]!.data!)).toBeDefined());
  state().setStageData(0, undefined);
  expect(state().recipe.stages[0]!.data).toBeUndefined();
});

test('files that are chosen go before what is only counted', async () => {
  add(2);
  state().setStageData(1, { ...state().recipe.data, cleaning: PAPER_CLEANING } as TextData);
  const counting = state().countStage(1);
  expect(state()).toMatchObject({ loadingStageIndex: 1, stageAsked: false });
  const loading = state().loadStageText(0, files('chosen.txt', 3000));
  expect(state()).toMatchObject({ loadingStageIndex: 0, stageAsked: true });
  expect(dataRefusal(state())).toBe('What stage 1 learns from is being loaded.');
  // A second choice waits until the first one is there.
  await state().loadStageText(1, files('second.txt', 3000));
  await Promise.all([counting, loading]);
  expect(state().stageProblem).toBeNull();
  expect(dataRefusal(state())).toBeNull();
  expect(state().recipe.stages.map(({ data }) => data?.train)).toEqual(['text:chosen.txt', 'demo']);
});

test('a stage’s text is looked into and cleaned where the run’s is, which stays as it was', async () => {
  add(2);
  await state().loadStageText(1, files('web.txt', 3000));
  useCleaning.getState().show(true, 1);
  await vi.waitFor(() =>
    expect(useCleaning.getState()).toMatchObject({ of: 'text:web.txt', counting: null }),
  );
  expect(cleaningNow()).toEqual({ text: 'text:web.txt', cleaning: undefined });
  const { data } = state().recipe.stages[1]!;
  state().setStageData(1, { ...data!, cleaning: PAPER_CLEANING } as typeof data);
  await useCleaning.getState().count();
  expect(useCleaning.getState().report!.cleaning).toBeDefined();
  useCleaning.getState().show(false);
  expect(cleaningNow()).toEqual({ text: 'demo', cleaning: undefined });
  expect(useCleaning.getState()).toMatchObject({ open: false, stage: null });
});

test('a text that cannot be read leaves the stage as it was, and the message names the stage', async () => {
  add(3);
  await state().loadStageText(2, { kind: 'files', name: 'empty.txt', files: [new File([''], 'empty.txt')] });
  expect(state().stageProblem).toMatchObject({ index: 2, data: null });
  expect(state().stageProblem!.error.message).toMatch(/^Stage 3: /);
  expect(dataRefusal(state())).toBeNull();
});

test('a recipe opens with all its stages; what is not here is told by stage and keeps it from running', async () => {
  await openWritten(() => Promise.resolve(demo));
  expect(state().problems.run).toBeUndefined();
  expect(state().recipe).toMatchObject({ name: demo.name, stages: [{ steps: 40 }, {}, {}] });
  await vi.waitFor(() => expect(stageCard(state(), state().recipe.stages[0]!.data!)).toBeDefined());
  expect(dataRefusal(state())).toBeNull();

  const lost = { kind: 'lm', train: 'text:lost.txt', validation: 'text:lost.txt', contextLength: 16 };
  const stages = [demo.stages[1]!, { ...demo.stages[1]!, data: lost }];
  await openRecipeFile(new File([JSON.stringify({ ...demo, stages })], 'recipe.json'));
  await vi.waitFor(() => expect(dataRefusal(state())).toMatch(/^Stage 2: .*lost\.txt/));
});

test('a file that is no recipe, or one of a model that is not here, changes nothing', async () => {
  const before = state().recipe;
  await openRecipeFile(new File(['{'], 'broken.json'));
  expect(state().problems.run!.message).toMatch(/^broken\.json is not JSON/);
  await openWritten(() => Promise.resolve({ ...demo, teacher: { model: './teacher' } }));
  expect(state().problems.run!.message).toBe('teacher.model is ./teacher, which is not loaded in this page');
  await openWritten(() => Promise.resolve({ ...demo, stages: demo.stages.toReversed() }));
  expect(state().problems.run!.message).toMatch(/^Stage 2 learns from text after stage 1/);
  expect(state().recipe).toBe(before);
});
