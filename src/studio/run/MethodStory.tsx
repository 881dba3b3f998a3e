import { useSyncExternalStore } from 'react';
import { Idea } from '../ideas/Idea';
import { standingOf } from '../ideas/useIdeaRun';
import { seriesBook } from '../series';
import { useStudio } from '../store';
import type { RunRecord } from '../storeRuns';
import { progressOf } from './progress';

/** Methods whose picture follows the run; the parts of others are in the charts. */
const FOLLOWED = new Set(['annealing-kd', 'rail-kd', 'mate-kd']);

/** What the method of the stage at hand is doing: the pairs of this epoch, the rewritten text, the factor. */
export function MethodStory({ run }: { run: RunRecord }) {
  const methods = useStudio((state) => state.methods);
  // Drawn anew whenever the book publishes.
  useSyncExternalStore(seriesBook.subscribe, seriesBook.version);
  const series = seriesBook.get(run.id);
  const { stage: index } = progressOf(run, series);
  const stage = run.recipe.stages[index];
  const method = methods.find(({ id }) => id === stage?.method);
  if (!stage || !method || !FOLLOWED.has(method.id) || run.stageSteps.length === 0) return null;
  return (
    <section className="card method-story" aria-label="What the method does">
      <h2>{method.label}</h2>
      <Idea
        {...{ method, stage }}
        settings={stage.settings}
        now={standingOf(run, series, index)}
        // A run's settings are what they were when it started.
        onChange={null}
      />
    </section>
  );
}
