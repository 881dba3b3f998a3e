/**
 * Compares the losses of a run of Decant with those of train_reference.py, step by step.
 *
 *   node scripts/reference/compare.mjs RUN LOSSES.json [RESULT.json]
 *
 * RUN is the folder of `decant run`. Exit status 1 when a step differs by more than 1e-3.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Nats per token; float32 on both sides gives about 1e-5 where the two agree. */
const TOLERANCE = 1e-3;

const [run, lossFile, resultFile] = process.argv.slice(2);
if (run === undefined || lossFile === undefined) {
  console.error('usage: node scripts/reference/compare.mjs RUN LOSSES.json [RESULT.json]');
  process.exit(2);
}

/** @param {string} file */
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** @type {{ step: number, loss: number, gradNorm: number }[]} */
const decant = readFileSync(join(run, 'metrics.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .filter(({ type }) => type === 'step');
/** @type {{ losses: number[], gradNorms: number[], torch: string }} */
const reference = readJson(lossFile);

if (decant.length === 0 || decant.length !== reference.losses.length) {
  console.error(`the run has ${decant.length} steps, the reference ${reference.losses.length}`);
  process.exit(1);
}
const steps = decant.map(({ step, loss, gradNorm }, i) => ({
  step,
  decant: loss,
  reference: reference.losses[i] ?? NaN,
  gradNorm,
  referenceGradNorm: reference.gradNorms[i] ?? NaN,
}));
const differences = steps.map((each) => Math.abs(each.decant - each.reference));
const maxDifference = Math.max(...differences);
const agrees = maxDifference <= TOLERANCE;
const report = readJson(join(run, 'report.json'));

if (resultFile !== undefined) {
  const { name, seed, teacher, selection, stages } = readJson(join(run, 'recipe.json'));
  const result = {
    tolerance: TOLERANCE,
    maxDifference,
    agrees,
    decant: report.device,
    reference: `PyTorch ${reference.torch}, CPU, float32`,
    recipe: { name, seed, teacher, selection, stages },
    steps,
  };
  writeFileSync(resultFile, `${JSON.stringify(result, null, 1)}\n`);
}
console.log(
  `${steps.length} steps on ${report.device}: losses ${steps[0]?.decant.toFixed(4)} to ${steps.at(-1)?.decant.toFixed(4)}, largest difference ${maxDifference.toExponential(1)} (${agrees ? 'within' : 'over'} ${TOLERANCE})`,
);
process.exitCode = agrees ? 0 : 1;
