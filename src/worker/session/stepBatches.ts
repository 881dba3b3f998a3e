/** Collects training steps, so that a fast run sends ten messages a second and not thousands. */
import type { Event, StepReport } from '../protocol';

const FLUSH_MS = 100;

export interface StepBatches {
  add(step: StepReport): void;
  /** Sends what is waiting; before any other event of the run, so that events keep their order. */
  flush(): void;
}

export function stepBatches(runId: string, send: (event: Event) => void): StepBatches {
  let waiting: StepReport[] = [];
  let last = -Infinity;
  const flush = () => {
    if (waiting.length === 0) return;
    send({ type: 'steps', runId, steps: waiting });
    waiting = [];
    last = performance.now();
  };
  return {
    add(step) {
      waiting.push(step);
      if (performance.now() - last >= FLUSH_MS) flush();
    },
    flush,
  };
}
