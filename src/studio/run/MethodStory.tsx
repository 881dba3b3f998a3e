import { useSyncExternalStore } from 'react';
import type { ModelCard } from '../../worker/protocol';
import { Idea } from '../ideas/Idea';
import { layerMaps, type EpochMap } from '../ideas/layerMaps';
import { RailPicture } from '../ideas/RailPicture';
import { standingOf } from '../ideas/useIdeaRun';
import { seriesBook } from '../series';
import { useStudio } from '../store';
import type { RunRecord } from '../storeRuns';
import { progressOf } from './progress';

/** Methods whose picture follows the run; the parts of others are in the charts. */
const FOLLOWED = new Set(['annealing-kd', 'mate-kd']);

/** The teacher's layers; at least so many where it is not loaded any more: the last block takes no part. */
function layersOf(run: RunRecord, teacher: ModelCard | null, maps: readonly EpochMap[]): number {
  if (teacher && teacher.ref === run.recipe.teacher.model) return teacher.config.nLayer;
  return Math.max(...maps.flatMap(({ layers }) => layers)) + 2;
}

/** What the method of the stage at hand is doing: the pairs of this epoch, the rewritten text, the factor. */
export function MethodStory({ run }: { run: RunRecord }) {
  const methods = useStudio((state) => state.methods);
  const teacher = useStudio((state) => state.teacher);
  // Drawn anew whenever the book publishes.
  useSyncExternalStore(seriesBook.subscribe, seriesBook.version);
  const series = seriesBook.get(run.id);
  const { stage: index } = progressOf(run, series);
  const stage = run.recipe.stages[index];
  const method = methods.find(({ id }) => id === stage?.method);
  if (!stage || !method || run.stageSteps.length === 0) return null;
  const now = standingOf(run, series, index);
  // Whoever draws layers anew for every epoch has a map to show.
  const maps = layerMaps(run.epochs, index);
  if (maps.length === 0 && !FOLLOWED.has(method.id)) return null;
  return (
    <section className="card method-story" aria-label="What the method does">
      <h2>{method.label}</h2>
      {maps.length > 0 ? (
        <RailPicture
          nLayer={layersOf(run, teacher, maps)}
          students={run.layers.length}
          seed={run.recipe.seed}
          now={now}
        />
      ) : (
        // A run's settings are what they were when it started.
        <Idea {...{ method, stage, now }} settings={stage.settings} onChange={null} />
      )}
    </section>
  );
}
