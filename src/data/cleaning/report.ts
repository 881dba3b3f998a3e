/** What a cleaning did: samples and bytes into and out of every step, and examples of what each step took out. */
import type { CleaningSettings } from '../../recipe/cleaning';

export const STEPS = ['html', 'short', 'symbols', 'duplicates', 'near-duplicates'] as const;
export type StepName = (typeof STEPS)[number];

export interface Example {
  readonly text: string;
  /** What is left of it; absent: nothing, it was taken out. */
  readonly after?: string;
  /** `3 words`, `56 % symbols`. */
  readonly reason: string;
}

export interface StepReport {
  readonly step: StepName;
  readonly samplesIn: number;
  readonly samplesOut: number;
  /** UTF-8, of the samples; what goes into the first step is the text as loaded. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Share of the samples that came in. */
  readonly removedShare: number;
  /** Up to twenty, drawn evenly from all that the step took out. */
  readonly examples: readonly Example[];
}

export interface CleaningReport {
  readonly settings: CleaningSettings;
  readonly documentsIn: number;
  readonly documentsOut: number;
  readonly samplesIn: number;
  readonly samplesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly removedShare: number;
  /** Hashes that had to be forgotten for want of memory: duplicates of these samples may have stayed. */
  readonly forgotten: number;
  /** Lines that markup was taken out of. */
  readonly changed: number;
  readonly changedExamples: readonly Example[];
  readonly steps: readonly StepReport[];
}

const MOST_EXAMPLES = 20;
const LONGEST_EXAMPLE = 300;

/**
 * The start of a text, never half of a surrogate pair. Put together anew: a slice would keep the whole block that it was
 * cut from in memory.
 */
function clip(text: string): string {
  const start = text.slice(0, LONGEST_EXAMPLE).replace(/[\ud800-\udbff]$/, '');
  return `${Array.from(start).join('')}${start.length < text.length ? '…' : ''}`;
}

/** A sample of twenty from a stream ("Random sampling with a reservoir", Vitter 1985), the same in every run. */
export class Examples {
  private readonly kept: { order: number; example: Example }[] = [];
  private offered = 0;
  private state = 0x9e3779b9;

  offer(make: () => Example): void {
    const order = this.offered++;
    let place = order;
    if (order >= MOST_EXAMPLES) {
      this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
      place = Math.floor((this.state / 2 ** 32) * this.offered);
      if (place >= MOST_EXAMPLES) return;
    }
    const { text, after, reason } = make();
    const clipped = after === undefined ? { text: clip(text) } : { text: clip(text), after: clip(after) };
    this.kept[place] = { order, example: { ...clipped, reason } };
  }

  /** In the order in which they came. */
  get list(): Example[] {
    return this.kept.toSorted((a, b) => a.order - b.order).map(({ example }) => example);
  }
}

/** What is left after a step. */
export class StepCount {
  samples = 0;
  bytes = 0;
  readonly examples = new Examples();

  constructor(readonly step: StepName) {}

  pass(bytes: number): void {
    this.samples++;
    this.bytes += bytes;
  }
}

export const share = (out: number, from: number) => (from === 0 ? 0 : 1 - out / from);

/** Chains the counts of the steps: what leaves one goes into the next. */
export function chainSteps(
  counts: readonly StepCount[],
  loaded: { samples: number; bytes: number },
): StepReport[] {
  return counts.map((count, i) => {
    const before = counts[i - 1] ?? loaded;
    return {
      step: count.step,
      samplesIn: before.samples,
      samplesOut: count.samples,
      bytesIn: before.bytes,
      bytesOut: count.bytes,
      removedShare: share(count.samples, before.samples),
      examples: count.examples.list,
    };
  });
}

/** The counts without settings and examples, as the command line prints them. */
export function totalsOf({ steps, ...report }: CleaningReport) {
  const { documentsIn, documentsOut, samplesIn, samplesOut, bytesIn, bytesOut, removedShare, forgotten } =
    report;
  return {
    ...{ documentsIn, documentsOut, samplesIn, samplesOut, bytesIn, bytesOut, removedShare, forgotten },
    steps: steps.map(({ examples: _examples, ...counts }) => counts),
  };
}
