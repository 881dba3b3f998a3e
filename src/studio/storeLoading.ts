/** What is on its way into the session: how far it is, how long it takes, and ways to stop it. */
import type { Event } from '../worker/protocol';
import type { Connection } from './connection';

/** Something on its way into the session. */
export interface Loading {
  label: string;
  what: string;
  done: number;
  /** 0: not known yet. */
  total: number;
  unit: string;
  /** About; null while nothing can be said. */
  leftMs: number | null;
  paused: boolean;
  cancel: () => void;
  /** Stops what is fetched and lets it go on; null for what is not fetched. */
  pause: (() => void) | null;
}

/** Bytes arrive in bursts: an estimate from less time than this would jump. */
const STEADY_MS = 1500;

type Field = 'loadingTeacher' | 'loadingText' | 'loadingTask' | 'loadingStage';

/** Keeps one of the page's loadings in step with a command's progress. */
export function follow(
  connection: Connection,
  set: (change: Partial<Record<Field, Loading>>) => void,
  field: Field,
  label: string,
) {
  const abort = new AbortController();
  let since: { time: number; done: number } | null = null;
  let target: number | null = null;
  const change = (next: Partial<Loading>) => set({ [field]: (loading = { ...loading, ...next }) });
  const pause = () => {
    if (target === null) return;
    const paused = !loading.paused;
    since = null;
    void connection.request({ type: 'pauseDownload', target, paused });
    change({ paused, leftMs: null });
  };
  let loading: Loading = {
    ...{ label, what: '', done: 0, total: 0, unit: 'bytes', leftMs: null, paused: false, pause: null },
    cancel: () => abort.abort(),
  };
  set({ [field]: loading });
  return {
    signal: abort.signal,
    onEvent: (event: Event) => {
      if (event.type !== 'progress') return;
      const { id, what, done, total, unit } = event;
      target = id;
      const now = performance.now();
      since ??= { time: now, done };
      const passed = now - since.time;
      const leftMs =
        passed >= STEADY_MS && done > since.done && total > done
          ? (passed * (total - done)) / (done - since.done)
          : null;
      change({ what, done, total, unit, leftMs, pause: unit === 'bytes' ? pause : null });
    },
  };
}
