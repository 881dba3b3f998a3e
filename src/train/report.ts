/**
 * What the loop counts, and what it tells: one read-back gives loss, terms and gradient norm of a step. A loss
 * that has broken down is found here, and ends the run with the last good weights.
 */
import { readTensor } from '../engine/device';
import { TrainingError } from '../errors';
import type { GoodWeights } from './goodWeights';
import { planStep, type StageRun } from './stage';
import type { StepOutcome } from './step';

/** One reported step. Losses in nats, times in milliseconds of training (pauses and evaluations left out). */
export interface TrainingStep {
  stage: number;
  /** Of a method with several parts, the one this step belongs to. */
  part?: string;
  /** Counted over all stages, from 1. */
  step: number;
  loss: number;
  /** Weighted, so that they add up to `loss`. */
  terms: Record<string, number>;
  learningRate: number;
  /** Before clipping. */
  gradNorm: number;
  /** Training tokens seen so far. */
  tokens: number;
  timeMs: number;
}

// Reading back waits for the queue (about 4 ms on a GPU); also the longest time that commands wait for the queue.
const REPORT_MS = 100;

/** What the loop counts, over all stages. */
export interface Tally {
  step: number;
  tokens: number;
  loss: number;
  timeMs: number;
  /** When training last started or was last read, in `performance.now()`; null while it stands. */
  since: number | null;
  reportedStep: number;
  /** Report after so many steps; chosen anew at every report where it `adapts`. */
  reportEvery: number;
  adapts: boolean;
}

/** Stops counting training time. */
export function stopClock(tally: Tally): void {
  if (tally.since !== null) tally.timeMs += performance.now() - tally.since;
  tally.since = null;
}

/**
 * Reads a step's numbers back, all in one, and thereby waits for the queue. Throws TrainingError for a loss that
 * has broken down.
 */
export async function report(
  run: StageRun,
  step: number,
  { values, terms, learningRate, release }: StepOutcome,
  tally: Tally,
  good: GoodWeights,
): Promise<TrainingStep> {
  const before = tally.timeMs;
  const numbers = await readTensor(values);
  release();
  stopClock(tally);
  tally.since = performance.now();

  const loss = numbers[0]!;
  const gradNorm = numbers[numbers.length - 1]!;
  await refuseBreakdown(loss, gradNorm, tally.step, learningRate, run.stage.optimizer.learningRate, good);
  tally.loss = loss;
  if (tally.adapts) {
    const stepMs = (tally.timeMs - before) / (tally.step - tally.reportedStep);
    tally.reportEvery = Math.max(1, Math.floor(REPORT_MS / stepMs));
  }
  tally.reportedStep = tally.step;
  return {
    stage: run.index,
    ...(run.method.parts.length > 1 ? { part: planStep(run, step).part.id } : {}),
    step: tally.step,
    loss,
    terms: Object.fromEntries(terms.map((term, i) => [term, numbers[i + 1]!])),
    learningRate,
    gradNorm,
    tokens: tally.tokens,
    timeMs: tally.timeMs,
  };
}

/** Throws TrainingError for a loss that is not finite or exactly 0, after putting the last good weights back. */
async function refuseBreakdown(
  loss: number,
  gradNorm: number,
  step: number,
  learningRate: number,
  peak: number,
  good: GoodWeights,
): Promise<void> {
  const broken = !Number.isFinite(loss) ? loss : gradNorm;
  if (Number.isFinite(broken) && loss !== 0) return;
  await good.restore();
  const kept = good.step === 0 ? 'the weights from before training' : `the weights of step ${good.step}`;
  if (loss === 0) {
    throw new TrainingError(
      `Loss became exactly 0 at step ${step}. Back to ${kept}.`,
      'No token of the batch was scored, or the student already equals its target; look at the data and at the weights of the terms.',
    );
  }
  const what = `${Number.isFinite(loss) ? 'The gradient' : 'Loss'} became ${Number.isNaN(broken) ? 'not a number' : 'infinite'}`;
  throw new TrainingError(
    `${what} at step ${step} (learning rate ${shortNumber(learningRate)}). Back to ${kept}.`,
    `Try a learning rate of ${shortNumber(peak / 5)} instead of ${shortNumber(peak)}.`,
  );
}

const shortNumber = (x: number) =>
  x !== 0 && x < 0.001 ? Number(x.toPrecision(2)).toExponential() : String(Number(x.toPrecision(2)));
