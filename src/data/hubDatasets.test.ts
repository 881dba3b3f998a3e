import { describe, expect, test } from 'vitest';
import { parseHubSource } from '../recipe/hubSource';
import { HUB_TASKS, HUB_TEXTS, hubSourceOf, hubTaskOf } from './hubDatasets';
import { NAMED_TASKS } from './tasks';

describe('data sets known by name', () => {
  test('every task of GLUE and SuperGLUE has its place on the Hub', () => {
    const benchmarks = NAMED_TASKS.map(({ id }) => id).filter((id) => !id.startsWith('wordnet/'));
    expect(HUB_TASKS.map(({ task }) => task).sort()).toEqual([...benchmarks].sort());
    expect(hubTaskOf('wordnet/category')).toBeUndefined();
  });

  test('their sources are such as a recipe takes', () => {
    for (const preset of [...HUB_TEXTS, ...HUB_TASKS])
      for (const split of Object.values(preset.splits) as string[]) {
        const { repo, config, split: parsed } = parseHubSource(hubSourceOf(preset, split));
        expect([repo, config ?? 'default', parsed]).toEqual([preset.repo, preset.config, split]);
      }
    expect(hubSourceOf(hubTaskOf('superglue/wsc')!, 'train')).toBe('hf:aps/super_glue/wsc.fixed:train');
    const mnli = hubTaskOf('glue/mnli')!;
    expect(hubSourceOf(mnli, mnli.splits.validation!)).toBe('hf:nyu-mll/glue/mnli:validation_matched');
  });
});
