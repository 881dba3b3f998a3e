/**
 * Whether float16 arithmetic trains as float32 does: the demo run, with each precision and several seeds. What counts
 * is the difference between the precisions at the same seed, beside the spread between seeds. Evaluations are in
 * float32 either way. Needs a device with shader-f16: a GPU, or Mesa's lavapipe (docs/reproducing.md says how).
 *
 *   npm run bench -- precision [--steps 100] [--batch 2] [--seeds 3] [--save bench/results/precision-lavapipe.json]
 */
import { readFileSync } from 'node:fs';
import { parseArguments } from '../src/cli/args';
import { HUB_OPTION } from '../src/cli/hub';
import { createOutput } from '../src/cli/output';
import { openSession, type CliSession } from '../src/cli/session';
import { DeviceError } from '../src/errors';
import type { Precision } from '../src/engine/variants';
import { METHODS } from '../src/methods/index';
import { parseRecipe, type Recipe, type RecipeInput } from '../src/recipe/recipe';
import { report } from './harness';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const STEPS = option('steps', 100);
const BATCH = option('batch', 2);
const SEEDS = option('seeds', 3);
const TOKENS = 4096;
/** The loss of a single step is that of its batch, so the last ones are averaged. */
const LAST = 10;

interface Outcome {
  seed: number;
  precision: Precision;
  /** Nats per token, mean of the last steps. */
  loss: number;
  perplexity: number;
  skipped: number;
  cpuSeconds: number;
}

function recipeOf(seed: number, precision: Precision): Recipe {
  const demo = JSON.parse(readFileSync('recipes/demo.json', 'utf8')) as RecipeInput;
  const stages = demo.stages!.map((stage) => ({ ...stage, steps: STEPS, batchSize: BATCH }));
  const evaluation = { ...demo.evaluation, every: 0, maxTokens: TOKENS, prompt: '' };
  return parseRecipe({ ...demo, seed, precision, stages, evaluation }, METHODS);
}

async function runOnce({ client }: CliSession, seed: number, precision: Precision): Promise<Outcome> {
  const losses: number[] = [];
  let skipped = 0;
  const stop = client.onEvent((event) => {
    if (event.type !== 'steps') return;
    for (const { loss, gradNorm } of event.steps) {
      losses.push(loss);
      // A step whose gradients overflowed is left out; its norm is 0.
      if (gradNorm === 0) skipped++;
    }
  });
  const before = process.cpuUsage();
  const runId = `${precision} ${seed}`;
  const recipe = recipeOf(seed, precision);
  const result = await client.request({
    type: 'start',
    runId,
    recipe,
    reportEvery: 1,
    measureTeacher: false,
  });
  stop();
  const used = process.cpuUsage(before);
  return {
    seed,
    precision,
    loss: mean(losses.slice(-LAST)),
    perplexity: result.perplexityAfter!.perplexity,
    skipped,
    cpuSeconds: (used.user + used.system) / 1e6,
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1));

/** Rows of the runs, then of means and standard deviations, then of the differences at equal seeds. */
function rowsOf(outcomes: readonly Outcome[]) {
  const of = (precision: Precision, what: 'loss' | 'perplexity') =>
    outcomes.filter((outcome) => outcome.precision === precision).map((outcome) => outcome[what]);
  const row = (run: string, f: (what: 'loss' | 'perplexity') => number) => ({
    run,
    'loss, last 10 steps': Number(f('loss').toFixed(4)),
    'validation perplexity': Number(f('perplexity').toFixed(3)),
  });
  const difference = (what: 'loss' | 'perplexity') =>
    of('f16', what).map((value, i) => Math.abs(value - of('f32', what)[i]!));
  return [
    ...outcomes.map((outcome) => ({
      ...row(`${outcome.precision}, seed ${outcome.seed}`, (what) => outcome[what]),
      'steps left out': outcome.skipped,
      'CPU s': Math.round(outcome.cpuSeconds),
    })),
    ...(['f32', 'f16'] as const).flatMap((precision) => [
      row(`${precision}, mean`, (what) => mean(of(precision, what))),
      row(`${precision}, standard deviation between seeds`, (what) => deviation(of(precision, what))),
    ]),
    row('f16 against f32 at the same seed, mean distance', (what) => mean(difference(what))),
    row('f16 against f32 at the same seed, largest distance', (what) => Math.max(...difference(what))),
  ];
}

const session = await openSession(parseArguments(['--device', 'webgpu'], HUB_OPTION), createOutput(false));
const { description, features } = session.device;
if (!features.includes('shader-f16')) {
  throw new DeviceError(
    `${description} has no shader-f16, so it does not compute in float16`,
    "Use a GPU that has it, or Mesa's lavapipe (docs/reproducing.md).",
  );
}
const outcomes: Outcome[] = [];
for (let seed = 1; seed <= SEEDS; seed++)
  for (const precision of ['f32', 'f16'] as const) {
    const outcome = await runOnce(session, seed, precision);
    console.error(JSON.stringify(outcome));
    outcomes.push(outcome);
  }
report(description, rowsOf(outcomes));
// Dawn's threads keep Node alive.
process.exit(0);
