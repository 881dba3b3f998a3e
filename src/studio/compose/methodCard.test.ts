import { describe, expect, test } from 'vitest';
import { METHODS } from '../../methods/index';
import { methodCard } from '../../methods/method';
import { parseRecipe, type Stage } from '../../recipe/recipe';
import { factorSteps, percentText, targetBars, TARGETS } from '../ideas/targets';
import { costText, methodGroups, phasesOf } from './methodWords';

const cards = METHODS.map(methodCard);
const card = (id: string) => cards.find((one) => one.id === id)!;

function stage(change: Record<string, unknown>): Stage {
  const stages = [{ method: 'fine-tune', ...change }];
  const recipe = { version: 1, teacher: { model: 'demo' }, selection: null, stages };
  return parseRecipe(recipe, METHODS).stages[0]!;
}

describe('the list of methods', () => {
  test('those that need no teacher come first, and the rest say what the teacher takes', () => {
    const [without, withTeacher] = methodGroups(cards, 4e6);
    expect(without!.group).toBe('No teacher');
    expect(without!.items.map(({ value }) => value)).toEqual(
      expect.arrayContaining(['fine-tune', 'label-smoothing', 'tf-reg', 'self-kd']),
    );
    expect(withTeacher!.group).toMatch(/^With the teacher in memory, .* more$/);
    expect(without!.items.length + withTeacher!.items.length).toBe(cards.length);
  });
  test('costs are named', () => {
    expect(costText(card('fine-tune'))).toBe('');
    expect(costText(card('annealing-kd'))).toBe('2 parts');
    expect(costText(card('self-kd'))).toBe('2 parts · a second copy in memory');
  });
});

describe('phases', () => {
  test('two in sequence add up to the stage', () => {
    const phases = phasesOf(card('annealing-kd'), stage({ method: 'annealing-kd', steps: 200 }));
    expect(phases.map(({ name, length }) => [name, length])).toEqual([
      ['soft phase', '154 steps'],
      ['hard phase', '46 steps'],
    ]);
    const epochs = stage({ method: 'self-kd', epochs: 2 });
    expect(phasesOf(card('self-kd'), epochs).map(({ length }) => length)).toEqual([
      '50 % of 2 epochs',
      '50 % of 2 epochs',
    ]);
  });
  test('a method with one part has none to show', () => {
    expect(phasesOf(card('vanilla-kd'), stage({ method: 'vanilla-kd', steps: 9 }))).toEqual([]);
  });
});

describe('pictures', () => {
  test('every softened target adds up to 1', () => {
    for (const [id, target] of Object.entries(TARGETS)) {
      const settings = Object.fromEntries(
        Object.entries(card(id).settings).map(([name, spec]) => [name, Number(spec.default)]),
      );
      const bars = targetBars(target(settings, 2048), 2048);
      expect(bars.reduce((sum, { after }) => sum + after, 0)).toBeCloseTo(1, 12);
      expect(bars.reduce((sum, { before }) => sum + before, 0)).toBe(1);
    }
  });
  test('the factor rises to 1 by the end of phase 1', () => {
    const steps = factorSteps(10, 0.77);
    expect(steps.map(({ t }) => t)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(steps[0]!.factor).toBeCloseTo(0.1);
    expect(steps.at(-1)).toMatchObject({ t: 1, factor: 1, to: 0.77 });
  });
  test('per cent in three digits', () => {
    expect([1, 0.90004, 0.000049, 0].map(percentText)).toEqual(['100', '90', '0.00490', '0']);
  });
});
