import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { main } from './main';
import { BYTE_TOKENIZER, fixtureFolder, prose } from '../testing/tinyPlatform';

const binary = fileURLToPath(new URL('../../bin/decant.mjs', import.meta.url));
const tiny = fixtureFolder('gpt2-tiny');
const folder = mkdtempSync(join(tmpdir(), 'decant-'));
const inFolder = (name: string) => join(folder, name);

function decant(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], {
    encoding: 'utf8',
    timeout: 240_000,
  });
  return { status, stdout, stderr };
}

/** The one JSON object on standard output, and nothing else there. */
function json(...args: string[]): Record<string, unknown> {
  const { status, stdout, stderr } = decant(...args, '--json');
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(status, stderr).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** A teacher with a tokenizer, a text, and a recipe that trains in a second. */
beforeAll(() => {
  cpSync(tiny, inFolder('teacher'), { recursive: true });
  writeFileSync(inFolder('teacher/tokenizer.json'), BYTE_TOKENIZER);
  writeFileSync(inFolder('text.txt'), prose(4000, 5));
  const recipe = {
    version: 1,
    teacher: { model: './teacher' },
    selection: { layers: [0, 6, 11] },
    data: { train: 'file:text.txt', validation: 'file:text.txt', contextLength: 16 },
    stages: [
      { method: 'vanilla-kd', steps: 4, batchSize: 2, optimizer: { schedule: 'constant', warmupSteps: 0 } },
    ],
    evaluation: { every: 2, window: 32, stride: 32, maxTokens: 64 },
  };
  writeFileSync(inFolder('recipe.json'), JSON.stringify(recipe));
});

describe('without a device', () => {
  test('select prints the layers, and the note where the paper departs from its rule', () => {
    const select = ['select', '--teacher-layers', '24', '--keep', '6', '--strategy'];
    expect(json(...select, 'uniform')).toEqual({
      strategy: 'uniform',
      teacherLayers: 24,
      keep: 6,
      layers: [0, 4, 8, 12, 16, 20],
    });
    expect(json(...select, 'uniform-2').note).toContain('0 5 10 15 20 23');
  });

  test('inspect describes a checkpoint, and says what is wrong with it', () => {
    expect(json('inspect', fixtureFolder('gpt2-tiny-bf16'))).toMatchObject({
      nLayer: 12,
      nHead: 4,
      nEmbd: 32,
      nPositions: 128,
      vocabSize: 512,
      parameters: 172_992,
      bytes: 345_984,
      dtype: 'bf16',
      problems: [],
    });
    cpSync(tiny, inFolder('wrong'), { recursive: true });
    const config = JSON.parse(readFileSync(join(tiny, 'config.json'), 'utf8')) as object;
    writeFileSync(inFolder('wrong/config.json'), JSON.stringify({ ...config, n_layer: 13 }));
    const wrong = decant('inspect', inFolder('wrong'), '--json');
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('h.12.ln_1.weight is missing');
    expect((JSON.parse(wrong.stdout) as { problems: string[] }).problems).toHaveLength(1);
  });

  test('truncate writes a checkpoint that is the teacher, bit by bit', () => {
    const out = inFolder('truncated');
    expect(json('truncate', tiny, '--out', out, '--layers', '11,0')).toEqual({
      out,
      layers: [0, 11],
      parameters: 45_952,
      bytes: 183_808,
    });
    expect(json('inspect', out)).toMatchObject({ nLayer: 2, problems: [], dtype: 'f32' });
    expect(decant('truncate', tiny, '--out', tiny, '--layers', '0').status).toBe(2);
  });

  test.each([
    [[], 'decant <command>'],
    [['frobnicate'], 'there is no command "frobnicate"'],
    [['select', '--keep', '6'], '--teacher-layers is missing'],
    [
      ['select', '--teacher-layers', '12', '--keep', '13', '--strategy', 'uniform'],
      '13 layers are to be kept',
    ],
    [
      ['select', '--teacher-layers', '12', '--keep', '6', '--strategy', 'best'],
      'there is no strategy "best"',
    ],
    [['inspect'], 'inspect takes 1 argument'],
    [['inspect', '/no/such/folder'], 'there is no folder /no/such/folder'],
    [['truncate', tiny, '--out', '/tmp/x', '--layers', '12'], 'the teacher has no layer 12'],
    [['truncate', tiny, '--layers', '1'], '--out is missing'],
    [['eval', tiny], 'give either --text or --ids'],
    [['eval', tiny, '--ids', '/no/ids.json'], 'cannot read /no/ids.json'],
    [['run', '/no/recipe.json', '--out', '/tmp/x'], 'cannot read /no/recipe.json'],
    [['clean', 'a.txt'], '--out is missing'],
    [['clean', 'a.txt', '--out', 'a.csv'], '--out is "a.csv"'],
    [['clean', '/no/a.txt', '--out', '/no/b.txt'], 'cannot read /no/a.txt'],
    [['cache', '--clear', 'everything'], '--clear is "everything"'],
    [['devices', '--device', 'tpu'], '--device is "tpu"'],
  ])('%j ends with status 2 and one line', async (args, message) => {
    const said = { out: '', error: '' };
    const out = vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => ((said.out += String(text)), true));
    const error = vi
      .spyOn(process.stderr, 'write')
      .mockImplementation((text) => ((said.error += String(text)), true));
    const status = await main(args);
    out.mockRestore();
    error.mockRestore();
    expect(status).toBe(2);
    expect(said.out).toBe('');
    expect(said.error).toContain(message);
    if (args.length > 0) expect(said.error.trim().split('\n')).toHaveLength(1);
  });
});

describe('on a device', () => {
  test('eval takes the ids of the fixtures', () => {
    const report = json('eval', tiny, '--ids', join(fixtureFolder(), 'perplexity.json'), '--device', 'wasm');
    expect(report).toMatchObject({ tokens: 1984, window: 128, stride: 128 });
    expect(report.perplexity).toBeCloseTo(122.754671686, 3);
  });

  test('eval takes a text and refuses one for which there is no tokenizer', () => {
    const text = ['--text', inFolder('text.txt'), '--window', '64', '--stride', '64', '--device', 'wasm'];
    writeFileSync(inFolder('short.txt'), prose(60, 6));
    text[1] = inFolder('short.txt');
    expect(json('eval', inFolder('teacher'), ...text).tokens).toBeGreaterThan(150);
    const refused = decant('eval', tiny, ...text);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('gpt2-tiny has no tokenizer');
  });

  test('run fills its folder, and resumed it ends where one that never stopped ends', () => {
    const run = (out: string, ...more: string[]) =>
      json('run', inFolder('recipe.json'), '--out', inFolder(out), '--device', 'wasm', ...more);
    const whole = run('whole');
    expect(whole).toMatchObject({ out: inFolder('whole'), steps: 4, parameters: 58_656 });
    expect(whole.perplexityAfter).toBeLessThan(whole.perplexityBefore as number);
    const metrics = readFileSync(inFolder('whole/metrics.jsonl'), 'utf8').trim().split('\n');
    const lines = metrics.map((line) => JSON.parse(line) as { type: string; step: number });
    expect(lines.map(({ type, step }) => `${type} ${step}`)).toEqual([
      'eval 0',
      'step 1',
      'step 2',
      'eval 2',
      'step 3',
      'step 4',
      'eval 4',
    ]);
    expect(Object.keys(lines[1]!).sort()).toEqual(
      ['type', 'stage', 'step', 'loss', 'terms', 'learningRate', 'gradNorm', 'tokens', 'timeMs'].sort(),
    );
    for (const name of ['recipe.json', 'report.json', 'student/config.json', 'student/tokenizer.json']) {
      expect(existsSync(inFolder(`whole/${name}`)), name).toBe(true);
    }

    run('parts', '--set', 'stages.0.steps=2', '--snapshot-every', '2');
    expect(existsSync(inFolder('parts/snapshot/state.json'))).toBe(true);
    const resumed = run('parts', '--resume');
    expect(resumed).toMatchObject({ steps: 4, loss: whole.loss, perplexityBefore: whole.perplexityBefore });
    const weights = (out: string) => readFileSync(inFolder(`${out}/student/model.safetensors`));
    expect(weights('parts').equals(weights('whole'))).toBe(true);

    const other = decant(
      'run',
      inFolder('recipe.json'),
      '--out',
      inFolder('parts'),
      '--resume',
      '--set',
      'seed=2',
    );
    expect(other.status).toBe(2);
    expect(other.stderr).toContain('holds a run whose seed was 1, and the recipe now says 2');
  });

  test('run trains a classifier on a task, eval measures it on rows', () => {
    const rows = (count: number) =>
      Array.from(
        { length: count },
        (_, i) => `{"sentence": "${i % 2 ? 'good' : 'bad'} ${i % 5}", "label": ${i % 2}}`,
      );
    writeFileSync(inFolder('rows.jsonl'), rows(20).join('\n'));
    const recipe = {
      version: 1,
      teacher: { model: './teacher' },
      selection: { layers: [0] },
      data: {
        kind: 'task',
        task: 'glue/sst2',
        train: 'file:rows.jsonl',
        validation: 'file:rows.jsonl',
        maxLength: 16,
      },
      stages: [{ method: 'fine-tune', steps: 3, batchSize: 4 }],
      evaluation: { every: 0 },
    };
    writeFileSync(inFolder('task.json'), JSON.stringify(recipe));
    const run = json('run', inFolder('task.json'), '--out', inFolder('classifier'), '--device', 'cpu');
    expect(Object.keys(run.metrics as object)).toEqual(['accuracy']);
    const lines = readFileSync(inFolder('classifier/metrics.jsonl'), 'utf8').trim().split('\n');
    const last = JSON.parse(lines.at(-1)!) as Record<string, unknown>;
    expect(last).toMatchObject({ type: 'eval', step: 3, metrics: run.metrics, rows: 2 });
    const task = ['--task', 'glue/sst2', '--rows', inFolder('rows.jsonl'), '--device', 'cpu'];
    const measured = json('eval', inFolder('classifier/student'), ...task);
    expect(measured).toMatchObject({ task: 'glue/sst2', rows: 20, majority: 0.5, leftOut: 0, truncated: 0 });
    const refused = decant('eval', tiny, ...task);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('is a language model and has no classes');
  });

  test('sweep gives a row for every combination', () => {
    const out = inFolder('sweep');
    const args = [
      '--strategies',
      'uniform,top-half',
      '--keep',
      '2',
      '--set',
      'stages=[]',
      '--device',
      'wasm',
    ];
    const { rows } = json('sweep', inFolder('recipe.json'), '--out', out, ...args) as { rows: object[] };
    expect(rows).toMatchObject([
      { strategy: 'uniform', keep: 2, seed: 1, layers: [0, 11], parameters: 45_952 },
      { strategy: 'top-half', keep: 2, seed: 1, layers: [6, 11], parameters: 45_952 },
    ]);
    expect(readFileSync(join(out, 'sweep.csv'), 'utf8').trim().split('\n')).toHaveLength(3);
  });

  test('a sweep over methods and seeds goes on where it stopped, and compares with fine-tuning', () => {
    const recipe = JSON.parse(readFileSync(inFolder('recipe.json'), 'utf8')) as object;
    const methods = [{ method: 'fine-tune' }, { method: 'vanilla-kd', settings: { alpha: 0.2 } }];
    writeFileSync(inFolder('methods.json'), JSON.stringify({ version: 1, recipe, methods, seeds: [1, 2] }));
    const out = inFolder('methods');
    const args = ['sweep', inFolder('methods.json'), '--out', out, '--device', 'wasm'];
    const first = decant(...args, '--seeds', '1');
    expect(first.status, first.stderr).toBe(0);
    const report = join(out, 'vanilla-kd-own-layers-3-1', 'report.json');
    // As an earlier version would have written it, which did not know every field.
    const rest = JSON.parse(readFileSync(report, 'utf8')) as { recipe: { stages: { dropout?: number }[] } };
    delete rest.recipe.stages[0]!.dropout;
    const written = JSON.stringify(rest);
    writeFileSync(report, written);
    const { rows, summary } = json(...args, '--resume') as { rows: object[]; summary: object[] };
    expect(readFileSync(report, 'utf8')).toBe(written);
    expect(rows).toMatchObject([
      { method: 'fine-tune', seed: 1, keep: 3, layers: [0, 6, 11], steps: 4 },
      { method: 'vanilla-kd', seed: 1 },
      { method: 'fine-tune', seed: 2 },
      { method: 'vanilla-kd', seed: 2 },
    ]);
    expect(summary).toMatchObject([
      { method: 'fine-tune', measure: 'perplexity', n: 2 },
      { method: 'vanilla-kd', n: 2, versus: { method: 'fine-tune', n: 2 } },
    ]);
    const other = decant(...args, '--seeds', '1', '--resume', '--set', 'stages.0.steps=3');
    expect(other.stderr).not.toContain('has its report');
  });

  test('generate continues a prompt, the same way for the same seed', () => {
    const args = [
      'generate',
      inFolder('teacher'),
      '--prompt',
      'the',
      '--max-new-tokens',
      '4',
      '--device',
      'wasm',
    ];
    const first = json(...args);
    expect(first.ids).toHaveLength(4);
    expect(json(...args)).toEqual(first);
  });

  test('check counts a wrong reference number as a failure', () => {
    cpSync(fixtureFolder(), inFolder('fixtures'), { recursive: true });
    const path = inFolder('fixtures/selection.json');
    const fixture = JSON.parse(readFileSync(path, 'utf8')) as { more_by_rule: { by_rule: number[] }[] };
    fixture.more_by_rule[0]!.by_rule[3] = 8;
    writeFileSync(path, JSON.stringify(fixture));
    const { status, stdout } = decant(
      'check',
      '--fixtures',
      inFolder('fixtures'),
      '--device',
      'wasm',
      '--json',
    );
    const [closing, result] = stdout.trim().split('\n');
    const { passed, failed, failures } = JSON.parse(result!) as {
      passed: number;
      failed: number;
      failures: { name: string }[];
    };
    expect(closing).toBe(`${passed} passed, ${failed} failed`);
    expect(failures.map(({ name }) => name)).toEqual(['selection uniform 4 of 12']);
    expect(passed).toBeGreaterThan(300);
    expect(status).toBe(1);
  });
});
