import { expect, test } from 'vitest';
import { csvOf, differenceText, summariseRows, tableOf, type Row } from './sweepRows';

const row = (method: string, seed: number, measured: Partial<Row>): Row => ({
  method,
  strategy: 'uniform',
  keep: 2,
  seed,
  layers: [0, 11],
  parameters: 10,
  steps: 5,
  tokensPerSecond: 100,
  wallMs: 1000.4,
  ...measured,
});

const after = (method: string, ...values: number[]) =>
  values.map((perplexityAfter, i) => row(method, i + 1, { perplexityBefore: 90, perplexityAfter }));

const texts = (rows: Row[]) => summariseRows(rows).map((line) => differenceText(line, 2));

test('each method stands beside fine-tuning of the same seeds', () => {
  const rows = [...after('fine-tune', 60, 62, 64), ...after('vanilla-kd', 57, 59, 61.1)];
  const [tuned, distilled] = summariseRows(rows);
  expect(tuned).toEqual({
    method: 'fine-tune',
    strategy: 'uniform',
    keep: 2,
    measure: 'perplexity',
    mean: 62,
    sd: 2,
    n: 3,
  });
  expect(distilled!.versus).toMatchObject({ method: 'fine-tune', n: 3, distinguishable: true });
  // Differences −3, −3, −2.9: mean −2.97, reach 4.30 · 0.0577 / √3 = 0.14.
  expect(texts(rows)).toEqual(['', '−2.97 (−3.11 to −2.82) against fine-tune']);
});

test('an interval with zero in it reads "not distinguishable", and one seed says so', () => {
  expect(texts([...after('fine-tune', 60, 62), ...after('tf-reg', 59, 63)])[1]).toBe(
    '+0.00 (−12.71 to +12.71), not distinguishable from fine-tune',
  );
  expect(texts([...after('fine-tune', 60), ...after('tf-reg', 59)])[1]).toBe(
    '−1.00 against fine-tune; one seed cannot tell whether that is a difference',
  );
});

test('only seeds that both have are paired, and another selection is never the baseline', () => {
  const [, distilled] = summariseRows([...after('fine-tune', 60, 62), ...after('vanilla-kd', 57, 59, 99)]);
  expect(distilled).toMatchObject({ n: 3, versus: { mean: -3, n: 2 } });
  const others = after('vanilla-kd', 57, 59).map((entry) => ({ ...entry, keep: 3 }));
  expect(summariseRows([...after('fine-tune', 60, 62), ...others])[1]!.versus).toBeUndefined();
});

test('a task is judged by its first metric, and its metrics have columns', () => {
  const metrics = { f1: 0.5, accuracy: 0.75 };
  const rows = [row('fine-tune', 1, { metricsBefore: { f1: 0.1, accuracy: 0.2 }, metrics })];
  expect(summariseRows(rows)).toMatchObject([{ measure: 'f1', mean: 0.5, sd: null, n: 1 }]);
  expect(csvOf(rows).split('\n')).toEqual([
    'strategy,keep,seed,layers,parameters,f1Before,f1After,accuracyBefore,accuracyAfter,method,steps,wallMs,variant',
    'uniform,2,1,0 11,10,0.1,0.5,0.2,0.75,fine-tune,5,1000,',
  ]);
});

test('the table gives every run, then every method over its seeds', () => {
  const rows = after('fine-tune', 60, 62);
  const lines = tableOf(rows, summariseRows(rows));
  expect(lines).toHaveLength(6);
  expect(lines[1]).toMatch(/^fine-tune +uniform +2 +1 +90\.00 +60\.00 {2}0 11$/);
  expect(lines[5]).toMatch(/^fine-tune +uniform +2 {2}61\.00 ± 1\.41$/);
});

test('variants of one method stand beside the first of them', () => {
  const of = (variant: string, ...values: number[]) =>
    after('fine-tune', ...values).map((line) => ({ ...line, variant }));
  const [raw, cleaned] = summariseRows([...of('raw', 60, 62, 64), ...of('cleaned', 50, 52, 54)]);
  expect(raw).not.toHaveProperty('versus');
  expect(cleaned).toMatchObject({ variant: 'cleaned', mean: 52, versus: { method: 'raw', mean: -10 } });
});
