import { describe, expect, test } from 'vitest';
import { METHODS } from './index';
import { methodCard, partAt } from './method';

test('every id is used once', () => {
  expect(new Set(METHODS.map(({ id }) => id)).size).toBe(METHODS.length);
});

describe.each(METHODS.map((method) => [method.id, method] as const))('%s', (_, method) => {
  test('its card is plain data with everything that the page shows', () => {
    const card = methodCard(method);
    expect(structuredClone(card)).toEqual(card);
    for (const text of [card.label, card.summary, card.paper.label, card.formula, card.where]) {
      expect(text).not.toBe('');
    }
    expect(card.paper.url).toMatch(/^https:\/\/arxiv\.org\/abs\/\d{4}\.\d{5}$/);
  });

  test('every setting has a hint, a source and a default within its limits', () => {
    for (const setting of Object.values(method.settings)) {
      expect(setting.hint.length).toBeGreaterThan(20);
      expect(setting.source).not.toBe('');
      if (setting.kind === 'number') {
        expect(setting.default).toBeGreaterThanOrEqual(setting.min);
        expect(setting.default).toBeLessThanOrEqual(setting.max);
      } else {
        expect(setting.choices.map(({ value }) => value)).toContain(setting.default);
      }
    }
  });

  test('every step of a stage belongs to one of its parts, within that part’s steps', () => {
    const settings = Object.fromEntries(
      Object.entries(method.settings).map(([name, spec]) => [name, spec.default]),
    );
    for (const steps of [1, 2, 7, 130]) {
      for (let step = 0; step < steps; step++) {
        const position = partAt(method, settings, step, steps);
        expect(method.parts[position.part]).toBeDefined();
        expect(position.step).toBeLessThan(position.steps);
      }
    }
  });
});

test('only distillation needs a loaded teacher', () => {
  const needing = METHODS.filter((method) => methodCard(method).needsTeacher).map(({ id }) => id);
  expect(needing).toEqual(['vanilla-kd', 'annealing-kd', 'mate-kd', 'rail-kd', 'reverse-kd']);
});
