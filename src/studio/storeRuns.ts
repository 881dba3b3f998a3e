/**
 * The runs of this visit: their recipe, state, measured points and samples. The series of training steps are
 * thousands of numbers and live outside React in `series.ts`; here is what changes rarely.
 */
import type { StateCreator } from 'zustand';
import type { Recipe } from '../recipe/recipe';
import type {
  ChangedTextReport,
  ErrorReport,
  Event,
  MeasuredPoint,
  PerplexityReport,
  PlannedRun,
  RunResult,
  Sample,
  TaskReport,
} from '../worker/protocol';
import { reportOf } from './connection';
import { appendSteps, dropSeries, markPause, startSeries } from './series';
import { keptLayers, runName } from './selectionState';
import { inWords } from './stageWords';
import type { StudioState } from './store';
import { isTooLarge } from './storeEstimate';
import { dataRefusal } from './storeTask';

export type RunState =
  'preparing' | 'running' | 'paused' | 'evaluating' | 'stopping' | 'done' | 'stopped' | 'failed';

/** A measured perplexity, where in the run and on which validation set. */
export type EvalPoint = PerplexityReport & Omit<MeasuredPoint, 'runId'>;

/** The same of a task's metrics. */
export type ScorePoint = TaskReport & Omit<MeasuredPoint, 'runId'>;

/** Plain data of a method for one epoch, e.g. RAIL-KD's teacher layers. */
export interface EpochState {
  stage: number;
  epoch: number;
  state: unknown;
}

export interface RunRecord {
  id: string;
  name: string;
  /** As sent; replaced by the session's complete one when the run starts. */
  recipe: Recipe;
  layers: readonly number[];
  state: RunState;
  /** What the session is doing, in words. */
  detail: string;
  totalSteps: number;
  stageSteps: readonly number[];
  /** Null until the session has said it. */
  planned: PlannedRun | null;
  evals: readonly EvalPoint[];
  /** Of a task, instead of `evals`. */
  scores: readonly ScorePoint[];
  samples: readonly Sample[];
  /** What the method drew for the epochs so far, oldest first. */
  epochs: readonly EpochState[];
  /** The last few rows of text that the method changed, oldest first. */
  texts: readonly ChangedTextReport[];
  startedMs: number;
  result: RunResult | null;
  error: ErrorReport | null;
}

export interface StartOptions {
  recipe?: Recipe;
  name?: string;
  /** Stay where the reader is; else the Run place opens. */
  stay?: boolean;
}

export interface RunsSlice {
  /** Oldest first. */
  runs: readonly RunRecord[];
  /** The run that the session works on. */
  activeRunId: string | null;
  /** The run that the Run place shows. */
  shownRunId: string | null;
  /** Runs the recipe of the form, or another one in its place. Ends with the run; gives its id if it began. */
  startRun: (options?: StartOptions) => Promise<string | undefined>;
  control: (command: 'pause' | 'resume' | 'stepOnce' | 'stop' | 'evaluateNow') => Promise<void>;
  showRun: (id: string) => void;
  renameRun: (id: string, name: string) => void;
  forgetRun: (id: string) => Promise<void>;
  runEvent: (event: Event) => void;
  /** The worker is gone: what was running has failed. */
  sessionEnded: (error: ErrorReport) => void;
}

/** A reader looks at the last one, and back at some. */
const KEPT_TEXTS = 20;

/** True while the session is busy with it. */
export function isActive(run: RunRecord): boolean {
  return run.state !== 'done' && run.state !== 'stopped' && run.state !== 'failed';
}

export const createRunsSlice: StateCreator<StudioState, [], [], RunsSlice> = (set, get) => {
  const change = (id: string, part: Partial<RunRecord>) =>
    set({ runs: get().runs.map((run) => (run.id === id ? { ...run, ...part } : run)) });
  const find = (id: string) => get().runs.find((run) => run.id === id);

  return {
    runs: [],
    activeRunId: null,
    shownRunId: null,

    async startRun({ recipe = get().recipe, name = runName(get()), stay = false } = {}) {
      const { connection, phase, teacher, activeRunId, dismiss } = get();
      if (!connection || phase !== 'ready' || !teacher || activeRunId) return undefined;
      if (dataRefusal(get()) !== null || isTooLarge(get())) return undefined;
      dismiss('run');
      const id = crypto.randomUUID();
      const run: RunRecord = {
        id,
        name,
        recipe,
        layers: keptLayers(recipe, teacher),
        state: 'preparing',
        detail: '',
        totalSteps: 0,
        stageSteps: [],
        planned: null,
        evals: [],
        scores: [],
        samples: [],
        epochs: [],
        texts: [],
        startedMs: Date.now(),
        result: null,
        error: null,
      };
      startSeries(id);
      set({ runs: [...get().runs, run], activeRunId: id, shownRunId: id });
      if (!stay) set({ place: 'run' });
      try {
        const result = await connection.request({ type: 'start', runId: id, recipe });
        change(id, { result, state: result.stopped ? 'stopped' : 'done', detail: '' });
      } catch (error) {
        const report = reportOf(error);
        const message = inWords(report.message);
        change(id, { error: { ...report, message }, state: 'failed', detail: '' });
      } finally {
        if (get().activeRunId === id) set({ activeRunId: null });
      }
      return id;
    },

    async control(command) {
      const { connection, activeRunId } = get();
      if (!connection || !activeRunId) return;
      try {
        await connection.request({ type: command });
      } catch (error) {
        set({ problems: { ...get().problems, run: reportOf(error) } });
      }
    },

    showRun: (id) => set({ shownRunId: id }),
    renameRun: (id, name) => change(id, { name }),

    async forgetRun(id) {
      const { connection, runs, shownRunId, activeRunId } = get();
      if (id === activeRunId) return;
      const rest = runs.filter((run) => run.id !== id);
      dropSeries(id);
      set({ runs: rest, shownRunId: shownRunId === id ? (rest.at(-1)?.id ?? null) : shownRunId });
      try {
        await connection?.request({ type: 'forget', runId: id });
      } catch (error) {
        set({ problems: { ...get().problems, run: reportOf(error) } });
      }
    },

    runEvent(event) {
      switch (event.type) {
        case 'runStarted': {
          const { recipe, layers, totalSteps, stageSteps, planned } = event;
          change(event.runId, { recipe, layers, totalSteps, stageSteps, planned });
          return;
        }
        case 'steps':
          appendSteps(event.runId, event.steps);
          return;
        case 'eval': {
          const { type: _type, runId, ...point } = event;
          change(runId, { evals: [...(find(runId)?.evals ?? []), point] });
          return;
        }
        case 'scores': {
          const { type: _type, runId, ...point } = event;
          change(runId, { scores: [...(find(runId)?.scores ?? []), point] });
          return;
        }
        case 'epoch': {
          const { stage, epoch, state } = event;
          change(event.runId, { epochs: [...(find(event.runId)?.epochs ?? []), { stage, epoch, state }] });
          return;
        }
        case 'sample': {
          const { step, prompt, text } = event;
          change(event.runId, { samples: [...(find(event.runId)?.samples ?? []), { step, prompt, text }] });
          return;
        }
        case 'compiling': {
          const { done, total } = event;
          const detail = done < total ? `compiling ${done} of ${total} kernels` : '';
          change(event.runId, { detail });
          return;
        }
        case 'runState':
          if (event.state === 'paused') markPause(event.runId);
          change(event.runId, { state: event.state, detail: event.detail ?? '' });
          return;
        case 'changedText': {
          const { type: _type, runId, ...text } = event;
          change(runId, { texts: [...(find(runId)?.texts ?? []).slice(1 - KEPT_TEXTS), text] });
          return;
        }
        case 'done':
        case 'failed':
        case 'progress':
        case 'sweepRow':
        case 'token':
        case 'warning':
        case 'fatal':
          return;
      }
    },

    sessionEnded(error) {
      const { activeRunId } = get();
      if (activeRunId) change(activeRunId, { error, state: 'failed', detail: '' });
      set({ activeRunId: null });
    },
  };
};
