/** Tells of the compilation of a run's kernels, at most ten times a second and at the end of every plan. */
import type { CompileProgress } from '../../engine/plan/pipelines';
import type { Event } from '../protocol';

const EVERY_MS = 100;

export function compileReports(runId: string, send: (event: Event) => void): CompileProgress {
  let last = -Infinity;
  return (done, total) => {
    const now = performance.now();
    if (done < total && now - last < EVERY_MS) return;
    last = now;
    send({ type: 'compiling', runId, done, total });
  };
}
