/** Runs of this visit as the comparison with the paper takes them. Pure. */
import type { OwnRun } from '../../paper/own';
import { stateText } from '../compare/rows';
import type { RunRecord } from '../storeRuns';

export function ownRun(run: RunRecord): OwnRun {
  const { result, evals, stageSteps, layers, recipe } = run;
  const ended = run.state === 'done' ? result : null;
  // Of a run with stages, what the first one left is measured at its end.
  const border = stageSteps.length > 1 ? evals.find(({ step }) => step === stageSteps[0]) : undefined;
  const zeroShot = result?.perplexityBefore ?? evals.find(({ step }) => step === 0);
  return {
    id: run.id,
    name: run.name,
    recipe,
    layers,
    parameters: result?.parameters ?? null,
    state: ended ? null : stateText(run),
    device: result?.device ?? null,
    timeMs: ended?.wallMs ?? null,
    zeroShot: zeroShot?.perplexity ?? null,
    preTrained: border?.perplexity ?? null,
    perplexity: ended?.perplexityAfter?.perplexity ?? null,
    scoredTokens: (ended?.perplexityAfter ?? zeroShot)?.tokens ?? null,
    scores: ended?.scoresAfter?.metrics ?? null,
  };
}
