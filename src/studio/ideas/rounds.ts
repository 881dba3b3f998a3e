/** MATE-KD's rounds over a stage, as its settings plan them. Pure. */
import { mateWarmup } from '../../methods/formulas';

export interface Round {
  kind: 'warm-up' | 'generator' | 'student';
  /** Steps of the stage, from 0; `end` is behind the last one. */
  start: number;
  end: number;
}

export interface RoundSettings {
  warmupSteps: number;
  generatorSteps: number;
  studentSteps: number;
}

/** More than these could not be told apart. */
const MOST_ROUNDS = 24;

/** The stretches of a stage, those around step `done` where there are too many of them. */
export function roundsOf(
  steps: number,
  { warmupSteps, generatorSteps, studentSteps }: RoundSettings,
  done = 0,
): Round[] {
  const warm = mateWarmup(steps, warmupSteps);
  const cycle = generatorSteps + studentSteps;
  const half = MOST_ROUNDS / 2;
  const total = Math.ceil((steps - warm) / cycle);
  const at = Math.floor(Math.max(0, done - warm) / cycle);
  const from = total <= half ? 0 : Math.max(0, Math.min(total - half, at - Math.floor(half / 2)));
  const rounds: Round[] = from === 0 && warm > 0 ? [{ kind: 'warm-up', start: 0, end: warm }] : [];
  for (let round = from; round < Math.min(total, from + half); round++) {
    const start = warm + round * cycle;
    const turn = Math.min(steps, start + generatorSteps);
    rounds.push({ kind: 'generator', start, end: turn });
    if (turn < steps) rounds.push({ kind: 'student', start: turn, end: Math.min(steps, start + cycle) });
  }
  return rounds;
}

/** `round 4 of 6, student step 78`: where the next step stands. */
export function roundWords(steps: number, settings: RoundSettings, done: number): string {
  const warm = mateWarmup(steps, settings.warmupSteps);
  if (done >= steps) return 'finished';
  if (done < warm) return `warm-up, step ${done} of ${warm}`;
  const cycle = settings.generatorSteps + settings.studentSteps;
  const [round, within] = [Math.floor((done - warm) / cycle), (done - warm) % cycle];
  const of = Math.ceil((steps - warm) / cycle);
  const place =
    within < settings.generatorSteps
      ? `generator step ${within}`
      : `student step ${within - settings.generatorSteps}`;
  return `round ${round + 1} of ${of}, ${place}`;
}
