/**
 * The training steps that a run reports, kept outside React: typed columns that grow by doubling, and
 * listeners that are told at most ten times a second. A view of a column stays valid, since points are only
 * ever added. Measured points (perplexity) and samples are few and live in the store.
 */
import type { StepReport } from '../worker/protocol';

/** One growing column of numbers. */
export class Column {
  #values = new Float64Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** The value at an index; negative counts from the end; NaN outside. */
  at(index: number): number {
    const from = index < 0 ? index + this.#length : index;
    return from >= 0 && from < this.#length ? this.#values[from]! : NaN;
  }

  /** The present values without a copy; later points do not change it. */
  view(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}

export type Axis = 'step' | 'tokens' | 'time';

/** Where a line is interrupted: before the step with this index. A stage's begin also restarts smoothing. */
export interface Break {
  index: number;
  reason: 'pause' | 'stage' | 'part';
}

/** Speed is averaged over so many steps: one step's time jitters with the reports' read-backs. */
const SPEED_STEPS = 8;

/** Everything the steps of one run have reported so far. */
export class RunSeries {
  readonly step = new Column();
  /** Training tokens seen. */
  readonly tokens = new Column();
  /** Milliseconds since the run's begin. */
  readonly time = new Column();
  readonly loss = new Column();
  readonly learningRate = new Column();
  readonly gradNorm = new Column();
  /** Tokens per second over the last steps; NaN for the first step after an interruption. */
  readonly speed = new Column();
  /** Weighted loss terms by name, in the order in which they first came. */
  readonly terms = new Map<string, Column>();
  readonly breaks: Break[] = [];
  #stage = 0;
  #part: string | undefined;
  #paused = false;

  add(report: StepReport): void {
    const index = this.step.length;
    const newStage = index > 0 && report.stage !== this.#stage;
    const newPart = newStage || report.part !== this.#part;
    if (newStage) this.breaks.push({ index, reason: 'stage' });
    else if (index > 0 && newPart) this.breaks.push({ index, reason: 'part' });
    else if (index > 0 && this.#paused) this.breaks.push({ index, reason: 'pause' });
    this.#stage = report.stage;
    this.#part = report.part;
    this.#paused = false;
    this.step.push(report.step);
    this.tokens.push(report.tokens);
    this.time.push(report.timeMs);
    this.loss.push(report.loss);
    this.learningRate.push(report.learningRate);
    this.gradNorm.push(report.gradNorm);
    this.speed.push(this.#recentSpeed());
    this.#addTerms(index, report.terms);
  }

  /** The next step comes after a pause: the line is broken there. */
  markPause(): void {
    this.#paused = true;
  }

  /** Of the last step; undefined where its method has only one. */
  get part(): string | undefined {
    return this.#part;
  }

  /** The steps' positions on an axis. */
  positions(axis: Axis): Float64Array {
    return { step: this.step, tokens: this.tokens, time: this.time }[axis].view();
  }

  #recentSpeed(): number {
    const last = this.step.length - 1;
    const first = Math.max(last - SPEED_STEPS, this.breaks.at(-1)?.index ?? 0);
    const timeMs = this.time.at(last) - this.time.at(first);
    return timeMs > 0 ? ((this.tokens.at(last) - this.tokens.at(first)) / timeMs) * 1000 : NaN;
  }

  #addTerms(index: number, terms: Record<string, number>): void {
    for (const name of Object.keys(terms)) {
      if (this.terms.has(name)) continue;
      const column = new Column();
      for (let i = 0; i < index; i++) column.push(NaN);
      this.terms.set(name, column);
    }
    for (const [name, column] of this.terms) column.push(terms[name] ?? NaN);
  }
}

/** At most ten publications a second (visual.md, section 3). */
export const PUBLISH_EVERY_MS = 100;

/** The series of all runs by id, with throttled publication. */
export class SeriesBook {
  #runs = new Map<string, RunSeries>();
  #listeners = new Set<() => void>();
  #version = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #lastMs = -Infinity;

  /** Grows with every publication; what `useSyncExternalStore` compares. */
  readonly version = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get(runId: string): RunSeries | undefined {
    return this.#runs.get(runId);
  }

  start(runId: string): void {
    this.#runs.set(runId, new RunSeries());
    this.#publishSoon();
  }

  append(runId: string, steps: readonly StepReport[]): void {
    const series = this.#runs.get(runId) ?? new RunSeries();
    this.#runs.set(runId, series);
    for (const report of steps) series.add(report);
    this.#publishSoon();
  }

  drop(runId: string): void {
    if (this.#runs.delete(runId)) this.#publishSoon();
  }

  #publishSoon(): void {
    if (this.#timer !== null) return;
    const wait = Math.max(0, this.#lastMs + PUBLISH_EVERY_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#lastMs = performance.now();
      this.#version++;
      for (const listener of this.#listeners) listener();
    }, wait);
  }
}

/** The page's one book of series. */
export const seriesBook = new SeriesBook();

export function startSeries(runId: string): void {
  seriesBook.start(runId);
}

export function appendSteps(runId: string, steps: readonly StepReport[]): void {
  seriesBook.append(runId, steps);
}

/** Called when a run pauses, so that its lines show the gap. */
export function markPause(runId: string): void {
  seriesBook.get(runId)?.markPause();
}

export function dropSeries(runId: string): void {
  seriesBook.drop(runId);
}
