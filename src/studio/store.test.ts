import { beforeEach, describe, expect, test, vi } from 'vitest';
import type {
  Answers,
  CommandBody,
  ErrorReport,
  Event,
  MethodCard,
  ModelCard,
  TextCard,
} from '../worker/protocol';
import type { Connection } from './connection';
import { measurementKey, watchSelection } from './measure';
import { keptLayers } from './selectionState';
import { useStudio } from './store';
import { defaultRecipe, restoreRecipe } from './storeRecipe';
import { modelRefOf } from './recipeRefs';
import { placeOfHash } from './storeView';

const teacher: ModelCard = {
  ref: 'demo',
  name: 'demo',
  config: {
    nLayer: 12,
    nHead: 3,
    nEmbd: 96,
    nPositions: 128,
    vocabSize: 2048,
    nInner: 384,
    activation: 'gelu_new',
    layerNormEpsilon: 1e-5,
  },
  parameters: 1_553_088,
  bytes: 3_106_176,
  dtype: 'F16',
  tokenizer: 'own',
  warnings: [],
};
const text: TextCard = {
  ref: 'demo',
  name: 'Demo text',
  trainTokens: 1000,
  validationTokens: 100,
  trainDocuments: 3,
  windows: 7,
  preview: [],
  warnings: [],
};
const device: Answers['open']['device'] = {
  backend: 'cpu',
  description: 'test',
  software: true,
  features: [],
  limits: { maxBufferSize: 1, maxStorageBufferBindingSize: 1 },
};
const method: MethodCard = {
  id: 'vanilla-kd',
  label: 'Vanilla KD',
  summary: '',
  paper: { label: '', url: '' },
  formula: '',
  where: '',
  needsTeacher: true,
  needsCopy: false,
  parts: ['train'],
  settings: {},
  terms: [],
};

/** A session at the other end, answered by the test. */
function fakeConnection(
  answers: Partial<Record<CommandBody['type'], (command: CommandBody) => unknown>> = {},
) {
  const sent: CommandBody[] = [];
  const listeners = new Set<(event: Event) => void>();
  const goneListeners = new Set<(error: ErrorReport) => void>();
  const known: typeof answers = {
    open: () => ({ device, methods: [method], tasks: [] }),
    loadModel: () => teacher,
    loadText: () => text,
    measure: () => ({ perplexity: 50, loss: 4, tokens: 100, window: 128, stride: 128 }),
    ...answers,
  };
  const connection: Connection = {
    async request(command) {
      sent.push(command);
      const answer = await known[command.type]?.(command);
      return answer as Answers[typeof command.type];
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onGone: (listener) => void goneListeners.add(listener),
    close: () => undefined,
  };
  return {
    connection,
    sent,
    emit: (event: Event) => listeners.forEach((listener) => listener(event)),
    end: (error: ErrorReport) => goneListeners.forEach((listener) => listener(error)),
  };
}

const initial = useStudio.getState();
const state = () => useStudio.getState();

beforeEach(() => {
  useStudio.setState({ ...initial, recipe: defaultRecipe() }, true);
});

describe('the recipe', () => {
  test('undo and redo walk through edits, a new edit ends redo', () => {
    state().edit((recipe) => ({ ...recipe, seed: 2 }));
    state().edit((recipe) => ({ ...recipe, seed: 3 }));
    state().undo();
    expect(state().recipe.seed).toBe(2);
    state().redo();
    expect(state().recipe.seed).toBe(3);
    state().undo();
    state().edit((recipe) => ({ ...recipe, seed: 9 }));
    state().redo();
    expect(state().recipe.seed).toBe(9);
  });

  test('edits of one group within a second are one step', () => {
    for (const seed of [2, 3, 4]) state().edit((recipe) => ({ ...recipe, seed }), 'slider');
    expect(state().past).toHaveLength(1);
    state().undo();
    expect(state().recipe.seed).toBe(1);
  });

  test('undo leaves teacher and text as they are loaded', () => {
    state().edit((recipe) => ({ ...recipe, seed: 2 }));
    const { recipe } = state();
    useStudio.setState({
      recipe: { ...recipe, data: { ...recipe.data, train: 'files:a', validation: 'files:a' } },
    });
    state().undo();
    expect(state().recipe).toMatchObject({ seed: 1, data: { train: 'files:a', validation: 'files:a' } });
  });

  test('an edit that changes nothing is no step', () => {
    state().edit((recipe) => recipe);
    expect(state().past).toHaveLength(0);
  });

  test('a stored recipe that is none gives the default', () => {
    expect(restoreRecipe({ version: 7 })).toEqual(defaultRecipe());
    expect(restoreRecipe(null)).toEqual(defaultRecipe());
    const mine = { ...defaultRecipe(), seed: 5 };
    expect(restoreRecipe(JSON.parse(JSON.stringify(mine)))).toEqual(mine);
  });
});

describe('the session', () => {
  test('opens with teacher and text loaded', async () => {
    const { connection, sent } = fakeConnection();
    await state().open(connection);
    expect(sent.map((command) => command.type)).toEqual(['open', 'loadModel', 'loadText']);
    expect(state()).toMatchObject({ phase: 'ready', teacher, text, loadingTeacher: null });
  });

  test('falls back to the demo when the recipe’s teacher is not there any more', async () => {
    useStudio.setState({
      recipe: { ...defaultRecipe(), teacher: { model: 'hf:gone/model', precision: 'f32' } },
    });
    const { connection, sent } = fakeConnection({
      loadModel: (command) => {
        if (command.type === 'loadModel' && command.model.kind === 'hub') throw new Error('not found');
        return teacher;
      },
    });
    await state().open(connection);
    expect(sent.filter((command) => command.type === 'loadModel')).toHaveLength(2);
    expect(state().teacher).toBe(teacher);
    expect(state().recipe.teacher.model).toBe('demo');
    expect(state().problems.teacher).toMatchObject({ message: 'not found' });
  });

  test('a text that cannot be had stays the recipe’s, and can be tried again', async () => {
    const part = 'hf:some/texts:train';
    const data = { ...defaultRecipe().data, kind: 'lm' as const, train: part, validation: part };
    useStudio.setState({ recipe: { ...defaultRecipe(), data: { contextLength: 32, ...data } } });
    let reachable = false;
    const { connection, sent } = fakeConnection({
      loadText: () => {
        if (!reachable) throw new Error('hub cannot be reached');
        return { ...text, ref: part, parts: { train: part, validation: part } };
      },
    });
    await state().open(connection);
    expect(state()).toMatchObject({ text: null, problems: { text: { message: 'hub cannot be reached' } } });
    expect(state().recipe.data).toMatchObject({ train: part });
    reachable = true;
    await state().loadText(state().textRef);
    expect(sent.filter(({ type }) => type === 'loadText')).toHaveLength(2);
    expect(state()).toMatchObject({ text: { ref: part }, problems: {} });
  });

  test('files of an earlier visit are asked for, not replaced', async () => {
    const data = {
      kind: 'lm' as const,
      contextLength: 32,
      train: 'text:own.txt',
      validation: 'text:own.txt',
    };
    useStudio.setState({ recipe: { ...defaultRecipe(), data } });
    const { connection, sent } = fakeConnection();
    await state().open(connection);
    expect(sent.map(({ type }) => type)).not.toContain('loadText');
    expect(state().problems.text!.message).toMatch(/^the recipe’s text own.txt is a file/);
    expect(state().recipe.data).toEqual(data);
  });

  test('a teacher that cannot be loaded leaves the old one and says why', async () => {
    const first = fakeConnection();
    await state().open(first.connection);
    const failing = fakeConnection({
      loadModel: () => {
        throw Object.assign(new Error('config.json is missing'), { name: 'CheckpointError', hint: 'Add it' });
      },
    });
    useStudio.setState({ connection: failing.connection });
    await state().loadTeacher({ kind: 'files', name: 'x', files: [] });
    expect(state().teacher).toBe(teacher);
    expect(state().problems.teacher).toMatchObject({ message: 'config.json is missing', hint: 'Add it' });
  });

  test('another tokenizer cuts the text anew, and old measurements of the name are forgotten', async () => {
    const { connection, sent } = fakeConnection({ loadModel: () => ({ ...teacher, ref: 'files:x' }) });
    await state().open(connection);
    useStudio.setState({ teacher, measurements: { 'files:x|0': { perplexity: 1 } as never } });
    await state().loadTeacher({ kind: 'files', name: 'x', files: [] });
    expect(sent.at(-1)).toMatchObject({ type: 'loadText' });
    expect(state().measurements).toEqual({});
  });

  test('a cancelled download is no problem', async () => {
    await state().open(fakeConnection().connection);
    const cancelled = fakeConnection({
      loadModel: () => {
        throw Object.assign(new Error('cancelled'), { name: 'CancelledError' });
      },
    });
    useStudio.setState({ connection: cancelled.connection });
    await state().loadTeacher({ kind: 'hub', repo: 'a/b' });
    expect(state().problems.teacher).toBeUndefined();
    expect(state().loadingTeacher).toBeNull();
  });

  test('that ends fails the run in progress and says so', async () => {
    const { connection, end } = fakeConnection({ start: () => new Promise(() => undefined) });
    await state().open(connection);
    void state().startRun();
    end({ name: 'WorkerError', message: 'gone', input: false });
    expect(state().phase).toBe('gone');
    expect(state().runs[0]).toMatchObject({ state: 'failed', error: { message: 'gone' } });
    expect(state().activeRunId).toBeNull();
  });

  test('names of recipes become what loads them', () => {
    expect(modelRefOf('hf:a/b@main')).toEqual({ kind: 'hub', repo: 'a/b', revision: 'main' });
    expect(modelRefOf('files:mine')).toEqual({ kind: 'demo' });
    expect(modelRefOf('demo')).toEqual({ kind: 'demo' });
  });
});

describe('zero-shot measurement', () => {
  test('waits until the selection rests and measures selection and teacher once', async () => {
    vi.useFakeTimers();
    const { connection, sent } = fakeConnection();
    await state().open(connection);
    const stop = watchSelection(useStudio);
    await vi.advanceTimersByTimeAsync(2000);
    const measured = () => sent.filter((command) => command.type === 'measure').length;
    expect(measured()).toBe(2);
    expect(state().measurements[measurementKey('demo', keptLayers(state().recipe, teacher))]).toBeDefined();
    for (const seed of [2, 3, 4]) {
      state().edit((recipe) => ({ ...recipe, selection: { strategy: 'random', keep: 6 }, seed }));
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(2000);
    expect(measured()).toBe(3);
    stop();
    vi.useRealTimers();
  });

  test('leaves a run in peace', async () => {
    vi.useFakeTimers();
    const { connection, sent } = fakeConnection({ start: () => new Promise(() => undefined) });
    await state().open(connection);
    void state().startRun();
    const stop = watchSelection(useStudio);
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent.some((command) => command.type === 'measure')).toBe(false);
    stop();
    vi.useRealTimers();
  });
});

describe('a run', () => {
  test('follows its events and ends with its result', async () => {
    let finish: (result: unknown) => void = () => undefined;
    const { connection, emit } = fakeConnection({
      start: () => new Promise((resolve) => (finish = resolve)),
    });
    await state().open(connection);
    const running = state().startRun();
    const id = state().activeRunId!;
    expect(state().place).toBe('run');
    emit({ type: 'runState', runId: id, state: 'running' });
    const protocol = { window: 8, stride: 8, text: 'raw', unit: 'token' } as const;
    const point = { step: 0, stage: 0, at: 'start', data: 'demo' } as const;
    emit({ type: 'eval', runId: id, ...point, perplexity: 80, loss: 4, tokens: 10, ...protocol });
    emit({ type: 'sample', runId: id, step: 0, prompt: 'a', text: 'b' });
    expect(state().runs[0]).toMatchObject({
      state: 'running',
      evals: [{ step: 0, data: 'demo', perplexity: 80 }],
    });
    finish({ runId: id, stopped: false });
    await running;
    expect(state().runs[0]).toMatchObject({ state: 'done', samples: [{ text: 'b' }] });
    expect(state().activeRunId).toBeNull();
  });

  test('does not start twice', async () => {
    const { connection, sent } = fakeConnection({ start: () => new Promise(() => undefined) });
    await state().open(connection);
    void state().startRun();
    void state().startRun();
    expect(sent.filter((command) => command.type === 'start')).toHaveLength(1);
  });
});

test('an address names a place; anything else is Compose', () => {
  expect(placeOfHash('#compare')).toBe('compare');
  expect(placeOfHash('#inspect')).toBe('compose');
});
