import { describe, expect, test } from 'vitest';
import { dataSchema, type TaskData } from '../../recipe/data';
import { recipeSchema } from '../../recipe/recipe';
import type { ColumnCard, TaskInfo } from '../../worker/protocol';
import { customTask, guessMapping, mappingProblem, roleOf, rowsLeftOut, withRole } from './mapping';
import { formatMetric, intervalText, wilson } from './metrics';
import { paperFigures } from './paperFigures';
import { assignFiles, partOfName } from './rowFiles';
import { rowsText } from './runLine';
import { knowsTask, namedTask, settleTeacher, withTask, withText } from './taskRecipe';

const column = (name: string, part: Partial<ColumnCard> = {}): ColumnCard => ({
  ...{ name, first: [], kind: 'text', least: 1, most: 10, empty: 0, values: null },
  ...part,
});

const FILE = [
  column('review', { most: 812 }),
  column('title', { most: 9 }),
  column('stars', {
    ...{ kind: 'number', least: 1, most: 5 },
    values: [1, 2, 3, 4, 5].map((value) => ({ value: String(value), rows: 10 })),
  }),
  column('mood', {
    most: 1,
    values: [
      { value: 'pos', rows: 26 },
      { value: 'neg', rows: 21 },
      { value: '?', rows: 2 },
      { value: '', rows: 1 },
    ],
  }),
];

describe('an own file', () => {
  const refs = { train: 'rows:a.csv', validation: 'rows:a.csv' };

  test('the first guess takes the longest text and the column that is named like a label', () => {
    const mapping = guessMapping(FILE);
    expect(mapping).toEqual({
      text: ['review'],
      label: 'mood',
      names: { pos: 'pos', neg: 'neg', '?': null },
    });
    expect(rowsLeftOut(mapping, FILE)).toBe(3);
  });

  test('a mapping becomes a task that the recipe takes; a name of its own is kept beside the value', () => {
    const mapping = { ...guessMapping(FILE), names: { pos: 'positive', neg: 'neg', '?': null } };
    const data = customTask(withRole(mapping, FILE[1]!, 'text 1'), refs, 64);
    expect(dataSchema.parse(data)).toEqual({
      ...{ kind: 'task', task: 'custom', ...refs, maxLength: 64 },
      columns: { text: ['review', 'title'], label: 'mood' },
      labels: [{ value: 'pos', name: 'positive' }, 'neg'],
    });
  });

  test('a column has one role; the label’s names go with it', () => {
    const pair = withRole(guessMapping(FILE), FILE[1]!, 'text 0');
    expect(pair.text).toEqual(['title', 'review']);
    const stars = withRole(pair, FILE[2]!, 'label');
    expect(Object.keys(stars.names)).toEqual(['1', '2', '3', '4', '5']);
    expect([roleOf(stars, 'mood'), roleOf(stars, 'stars')]).toEqual(['unused', 'label']);
    expect(withRole(stars, FILE[2]!, 'unused')).toEqual({ text: pair.text, label: null, names: {} });
  });

  test('what is missing is said in a sentence, and makes no task', () => {
    const mapping = guessMapping(FILE);
    expect(mappingProblem(mapping)).toBeNull();
    expect(mappingProblem({ ...mapping, text: [] })).toBe('Say which column holds the text.');
    const twice = { ...mapping, names: { pos: 'good', neg: 'good' } };
    expect(mappingProblem(twice)).toBe('Two values have the same name; give each its own.');
    const one = { ...mapping, names: { pos: 'pos', neg: null } };
    expect(mappingProblem(one)).toBe('A label needs at least two values that are kept.');
    expect(customTask(one, refs, 64)).toBeNull();
  });
});

describe('files of a task', () => {
  test('parts are told by the names that data sets have', () => {
    expect(partOfName('train-00000-of-00002.parquet')).toBe('train');
    expect(partOfName('dev_matched.tsv')).toBe('validation');
    expect(partOfName('validation_mismatched.jsonl')).toBe('validationMismatched');
    expect(partOfName('constraint.csv')).toBeNull();
  });
  test('shards stay together, a single file goes where it was asked for, test files are left', () => {
    const files = ['train-0.parquet', 'train-1.parquet', 'validation-0.parquet', 'test-0.parquet'].map(
      (name) => ({ name }),
    );
    const { train, validation } = assignFiles(files, false, 'train');
    expect([train?.length, validation?.length]).toEqual([2, 1]);
    expect(assignFiles([{ name: 'held.csv' }], false, 'validation')).toEqual({
      validation: [{ name: 'held.csv' }],
    });
  });
});

describe('the teacher of a task', () => {
  const methods = [
    { id: 'fine-tune', needsTeacher: false },
    { id: 'vanilla-kd', needsTeacher: true },
  ];
  const classes = ['different', 'same'];
  const tasks = [{ id: 'wordnet/same-sense', classes }] as unknown as TaskInfo[];
  const config = {
    ...{ nLayer: 12, nHead: 6, nEmbd: 96, nPositions: 128, vocabSize: 2048, nInner: 384 },
    ...{ activation: 'gelu_new' as const, layerNormEpsilon: 1e-5 },
  };
  const languageModel = { config };
  const classifier = { config: { ...config, classifier: { labels: classes, padTokenId: 0 } } };
  const data = namedTask('wordnet/same-sense', { train: 'demo', validation: 'demo' }, 64);
  const recipe = (method: string) =>
    withTask(
      recipeSchema.parse({
        ...{ version: 1, teacher: { model: 'demo' }, selection: { strategy: 'uniform', keep: 6 } },
        stages: [{ method, steps: 10 }],
      }),
      data,
    );

  test('a language model learns the task first where a method needs it, and only there', () => {
    const settled = settleTeacher(recipe('vanilla-kd'), languageModel, methods, tasks);
    expect(settled.teacher.stages).toMatchObject([{ method: 'fine-tune', epochs: 3, batchSize: 16 }]);
    expect(recipeSchema.parse(settled)).toEqual(settled);
    expect(settleTeacher(recipe('fine-tune'), languageModel, methods, tasks).teacher.stages).toBeUndefined();
    const back = settleTeacher(
      { ...settled, stages: recipe('fine-tune').stages },
      languageModel,
      methods,
      tasks,
    );
    expect(back.teacher.stages).toBeUndefined();
  });
  test('a classifier of the task teaches as it is; one of other classes does not', () => {
    expect(settleTeacher(recipe('vanilla-kd'), classifier, methods, tasks).teacher.stages).toBeUndefined();
    expect(knowsTask(classifier, ['LABEL_0', 'LABEL_1'])).toBe(false);
    expect(knowsTask(classifier, ['Different', 'Same'])).toBe(true);
    const made = { config: { ...config, classifier: { labels: ['LABEL_0', 'LABEL_1'], padTokenId: 0 } } };
    expect(knowsTask(made, classes)).toBe(true);
  });
  test('in a pipeline the teacher learns the task of the stage that needs it, and what it learns else stays', () => {
    const text = recipeSchema.parse(withText(recipe('vanilla-kd'), 'demo'));
    const stages = [text.stages[0]!, { ...text.stages[0]!, data }];
    const settled = settleTeacher({ ...text, stages }, languageModel, methods, tasks);
    expect(settled.teacher.stages).toMatchObject([{ method: 'fine-tune', data: { task: data.task } }]);
    expect(settleTeacher(settled, languageModel, methods, tasks)).toBe(settled);
    const without = { ...settled, stages: [stages[0]!, { ...stages[1]!, method: 'fine-tune' }] };
    expect(settleTeacher(without, languageModel, methods, tasks).teacher.stages).toBeUndefined();
    const own = { ...text, teacher: { ...text.teacher, stages: recipe('fine-tune').stages } };
    expect(settleTeacher(own, languageModel, methods, tasks)).toBe(own);
  });
  test('back at a text nothing of the task is left', () => {
    const settled = settleTeacher(recipe('vanilla-kd'), languageModel, methods, tasks);
    const text = recipeSchema.parse(withText(settled, 'demo'));
    expect(text.data).toMatchObject({ kind: 'lm', train: 'demo', validation: 'demo' });
    expect(text.teacher.stages).toBeUndefined();
  });
});

describe('metrics', () => {
  test('Wilson’s interval is that of statsmodels and stays between 0 and 1', () => {
    // proportion_confint(773, 872, method='wilson') and (10, 10).
    const { low, high } = wilson(773 / 872, 872);
    expect(low).toBeCloseTo(0.8637, 3);
    expect(high).toBeCloseTo(0.906, 3);
    expect(wilson(1, 10).high).toBeCloseTo(1, 12);
    expect(wilson(1, 10).low).toBeCloseTo(0.7225, 3);
    expect(intervalText('matthews', 0.5, 100)).toBe('');
  });
  test('shares are per cent, correlations are not', () => {
    expect([formatMetric('accuracy', 0.886), formatMetric('matthews', 0.771)]).toEqual(['88.6', '0.77']);
  });
  test('the paper’s figures are those of the task and its metric', () => {
    const values = (task: TaskData['task'], metric: string, first: string) =>
      paperFigures(task, metric, first).map(({ value }) => value);
    expect(values('glue/sst2', 'accuracy', 'accuracy')).toEqual([
      ...[91.5, 91.6, 91.4, 90.9, 92.2],
      ...[90.7, 91.2, 92, 92],
    ]);
    expect(values('superglue/cb', 'macroF1', 'accuracy')).toEqual([61.45, 65.15, 49.77]);
    expect(values('glue/qqp', 'f1', 'accuracy')).toEqual([]);
    expect(values('wordnet/category', 'accuracy', 'accuracy')).toEqual([]);
  });
  test('a run’s rows are those of its steps', () => {
    const stages = recipeSchema.parse({
      ...{ version: 1, teacher: { model: 'demo' }, selection: null },
      stages: [{ method: 'fine-tune', steps: 100, batchSize: 8, gradAccumSteps: 2 }],
    });
    expect(rowsText(stages, 5600)).toBe('1,600 rows, 0.29 epochs');
  });
});
