import { describe, expect, test } from 'vitest';
import { RecipeError } from '../errors';
import { labelOf, validationSets } from './pipeline';
import { protocolName, PROTOCOLS } from './protocols';
import { parseRecipe } from './recipe';

const methods = [{ id: 'fine-tune', settings: {} }];

const stage = (data?: object) => ({ method: 'fine-tune', steps: 1, ...(data && { data }) });
const text = (source: string) => ({ train: source, validation: source });
const task = (name: string, train = 'demo') => ({ kind: 'task', task: name, train });

const parse = (change: object) =>
  parseRecipe(
    { version: 1, teacher: { model: 'demo' }, selection: null, stages: [stage()], ...change },
    methods,
  );

describe('a stage with data of its own', () => {
  test('has the defaults of data filled in, and parsing twice changes nothing', () => {
    const recipe = parse({ stages: [stage(text('file:a.txt')), stage()] });
    expect(recipe.stages[0]!.data).toMatchObject({ kind: 'lm', contextLength: 128 });
    expect(recipe.stages[1]!.data).toBeUndefined();
    expect(parseRecipe(recipe, methods)).toEqual(recipe);
  });

  test('may be one of several tasks, behind the texts', () => {
    const tasks = ['wordnet/category', 'wordnet/category', 'wordnet/same-sense'].map((name) =>
      stage(task(name)),
    );
    const { stages } = parse({ stages: [stage(), ...tasks], data: text('demo') });
    expect(stages).toHaveLength(4);
  });

  test('names its wrong fields by their path', () => {
    expect(() => parse({ stages: [stage({ ...text('demo'), length: 3 })] })).toThrow(
      /^stages\.0\.data\.length/,
    );
  });

  test.each([
    [
      'text after a task',
      { stages: [stage(task('wordnet/category')), stage()] },
      /^stages\.1 learns from text/,
    ],
    [
      'a task that comes back',
      {
        stages: [
          stage(task('wordnet/category')),
          stage(task('wordnet/same-sense')),
          stage(task('wordnet/category')),
        ],
      },
      /^stages\.2 learns wordnet\/category again after wordnet\/same-sense/,
    ],
    [
      'a teacher of one of several tasks',
      {
        teacher: { model: 'demo', stages: [stage(task('wordnet/category'))] },
        stages: [stage(task('wordnet/category')), stage(task('wordnet/same-sense'))],
      },
      /^teacher\.stages learn wordnet\/category, and a teacher has one head/,
    ],
    [
      'a task that no stage learns',
      { data: task('glue/rte'), stages: [stage(text('demo'))] },
      /no stage learns/,
    ],
    [
      'a teacher of a task that the student does not learn',
      { teacher: { model: 'demo', stages: [stage(task('glue/rte'))] } },
      /^teacher\.stages learn glue\/rte/,
    ],
  ])('%s is refused in one sentence', (_what, change, message) => {
    expect(() => parse(change)).toThrow(RecipeError);
    expect(() => parse(change)).toThrow(message);
  });
});

describe('the validation sets of a recipe', () => {
  test('are each named once: of the recipe first, then of its stages', () => {
    const recipe = parse({
      data: { ...text('demo'), contextLength: 64 },
      stages: [
        stage({
          train: { source: 'file:web.parquet', column: 'body', fraction: 0.125 },
          validation: 'file:b.txt',
        }),
        stage({ ...text('demo'), contextLength: 128 }),
        stage(),
        stage(task('wordnet/category')),
      ],
    });
    expect(validationSets(recipe).map(({ label }) => label)).toEqual([
      'demo',
      'file:b.txt',
      'wordnet/category',
    ]);
    expect(labelOf(recipe, recipe.stages[1]!.data!)).toBe('demo');
  });

  test('of one source but other parts have labels of their own', () => {
    const [part, whole] = [{ source: 'demo', fraction: 0.5 }, 'demo'];
    const recipe = parse({
      data: { train: 'file:a.txt', validation: whole },
      stages: [
        stage({ train: 'file:a.txt', validation: part }),
        stage({ train: 'demo', validation: 'demo' }),
      ],
    });
    expect(validationSets(recipe).map(({ label }) => label)).toEqual(['demo', 'demo (50 %)', 'demo 2']);
  });
});

describe('a protocol', () => {
  test('stands for its fields, and fields that have a name are found by it', () => {
    for (const { id, window, stride, text: form, unit } of PROTOCOLS) {
      const { evaluation } = parse({ evaluation: { protocol: id } });
      expect(evaluation).toMatchObject({ window, stride, text: form, unit });
      expect(protocolName(evaluation)).toBe(id);
    }
    expect(protocolName(parse({}).evaluation)).toBe('windows-128');
    expect(protocolName(parse({ evaluation: { window: 96, stride: 32 } }).evaluation)).toBeUndefined();
  });

  test('that a field contradicts is refused with both', () => {
    expect(() => parse({ evaluation: { protocol: 'windows-512', stride: 256 } })).toThrow(
      'evaluation.stride: is 256, and the protocol windows-512 has 512',
    );
    expect(() => parse({ evaluation: { protocol: 'windows-7' } })).toThrow(/^evaluation\.protocol/);
  });
});
