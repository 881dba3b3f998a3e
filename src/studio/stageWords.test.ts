import { describe, expect, test } from 'vitest';
import paper from '../../recipes/paper-pipeline.json';
import demo from '../../recipes/pipeline-demo.json';
import { METHODS } from '../methods/index';
import type { TextData } from '../recipe/data';
import { dataOf } from '../recipe/pipeline';
import { parseRecipe } from '../recipe/recipe';
import {
  dataWords,
  inWords,
  isMeasuredOn,
  nextStageData,
  pipelineProblem,
  setName,
  sharedValidation,
  stagesRefusal,
  stageTitle,
  withFraction,
  withMeasured,
  withStageMoved,
} from './stageWords';

const methods = [
  { id: 'fine-tune', needsTeacher: false },
  { id: 'vanilla-kd', needsTeacher: true },
];
const recipe = parseRecipe(demo, METHODS);
const whole = parseRecipe(paper, METHODS);

describe('a stage in words', () => {
  test('is named by its number and what it does', () => {
    expect(recipe.stages.map((_, i) => stageTitle(recipe, i, methods))).toEqual([
      '1 Pre-train',
      '2 Distil',
      '3 Fine-tune',
    ]);
    expect(whole.stages.map((_, i) => stageTitle(whole, i, methods))).toEqual([
      '1 Pre-train',
      '2 Fine-tune',
      '3 Fine-tune',
      '4 Fine-tune',
      '5 Fine-tune',
    ]);
  });

  test('says what it learns from, how much of it, and whether it is cleaned', () => {
    expect(recipe.stages.map((stage) => dataWords(dataOf(recipe, stage)))).toEqual([
      '20 % of Demo text',
      'Demo text',
      'Category',
    ]);
    expect(dataWords(dataOf(whole, whole.stages[0]!))).toBe('0.1 % of openwebtext, cleaned');
    expect(dataWords(whole.data)).toBe('10 % of wikitext, wikitext-103-raw-v1');
  });

  test('a validation set’s label is read as people know it', () => {
    expect(setName('demo')).toBe('Demo text');
    expect(setName('demo 2')).toBe('Demo text 2');
    expect(setName('text:own (5 %)')).toBe('own (5 %)');
    expect(setName('hf:Salesforce/wikitext/wikitext-103-raw-v1:test')).toBe(
      'wikitext, wikitext-103-raw-v1: test',
    );
    expect(setName('glue/rte')).toBe('RTE');
  });

  test('paths are told as a reader counts', () => {
    expect(inWords('stages.1.data: text:x is not loaded')).toBe('Stage 2: text:x is not loaded');
    expect(inWords('teacher.stages.0 learns')).toBe('The teacher’s stage 1 learns');
    expect(inWords('hf:a/b is gone')).toBe('hf:a/b is gone');
  });
});

describe('stages that follow each other', () => {
  test('may change places while text stays before the task', () => {
    expect(withStageMoved(recipe, 0, 1)!.stages.map(({ method }) => method)).toEqual([
      'vanilla-kd',
      'fine-tune',
      'fine-tune',
    ]);
    expect(withStageMoved(recipe, 0, -1)).toBeNull();
    expect(withStageMoved(recipe, 2, -1)).toBeNull();
    expect(withStageMoved(recipe, 2, 1)).toBeNull();
  });

  test('in an order that makes no sense say which stage it is, and what to do', () => {
    const turned = { ...recipe, stages: [recipe.stages[2]!, recipe.stages[0]!] };
    const problem = pipelineProblem(turned)!;
    expect(problem.message).toMatch(/^Stage 2 learns from text after stage 1 has made a classifier/);
    expect(problem.hint).toMatch(/Put the stages that learn from text before/);
    expect(stagesRefusal(turned, null)).toEqual(problem);
    // What is wrong may be put right.
    expect(withStageMoved(turned, 1, -1)).not.toBeNull();
  });

  test('are refused for data that cannot be read, as long as a stage has them', () => {
    const { data } = recipe.stages[0]!;
    const error = { name: 'DataError', message: 'gone', input: true };
    expect(stagesRefusal(recipe, { index: 0, data: data!, error })!.message).toBe('Stage 1: gone');
    expect(stagesRefusal(recipe, { index: 0, data: null, error })).toBeNull();
  });

  test('a new one goes on with the task, and else with the run’s data', () => {
    expect(nextStageData(recipe)).toBe(recipe.stages[2]!.data);
    expect(nextStageData({ ...recipe, stages: recipe.stages.slice(0, 1) })).toBeUndefined();
  });
});

describe('a stage’s own text', () => {
  const own = recipe.stages[0]!.data as TextData;
  const hub = { ...own, train: 'hf:a/b:train', validation: 'hf:a/b:train' };

  test('has another share; of the Hub no more is fetched for what is held out', () => {
    expect(withFraction(own, 0.5)).toMatchObject({
      train: { source: 'demo', fraction: 0.5 },
      validation: 'demo',
    });
    expect(withFraction(own, 1).train).toBe('demo');
    const part = { source: 'hf:a/b:train', fraction: 0.01 };
    expect(withFraction(hub, 0.01)).toMatchObject({ train: part, validation: part });
    const lines = { ...own, train: { source: 'hf:a/b:train', fraction: 0.1, column: 'body', join: '' } };
    expect(withFraction(lines, 1).train).toEqual({ ...lines.train, fraction: 1 });
  });

  test('is measured on the run’s text only where that is one of its own', () => {
    expect(sharedValidation(recipe.data)).toBe('demo');
    expect(sharedValidation({ ...recipe.data, train: 'text:a', validation: 'text:a' })).toBeNull();
    expect(sharedValidation(recipe.stages[2]!.data!)).toBeNull();
    expect(isMeasuredOn(own, 'demo')).toBe(true);
    expect(withMeasured(hub, 'demo').validation).toBe('demo');
    expect(withMeasured(hub, null).validation).toBe('hf:a/b:train');
  });
});
