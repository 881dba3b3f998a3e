/** The cleaner's steps as the page shows them: settings, counts, what is out of date. Pure. */
import { PAPER_CLEANING, type CleaningSettings } from '../../recipe/cleaning';
import type { TextReport } from '../../worker/protocol';

type Report = NonNullable<TextReport['cleaning']>;
export type Example = Report['steps'][number]['examples'][number];

export const STEP_IDS = ['html', 'short', 'symbols', 'duplicates'] as const;
export type StepId = (typeof STEP_IDS)[number];

export const STEP_LABELS: Readonly<Record<StepId, string>> = {
  html: 'Strip HTML',
  short: 'Drop short',
  symbols: 'Drop symbols',
  duplicates: 'Drop duplicates',
};

export const isOn = (step: StepId, settings: CleaningSettings): boolean =>
  ({
    html: settings.html,
    short: settings.minWords > 0,
    symbols: settings.maxSymbols < 1,
    duplicates: settings.duplicates !== 'off',
  })[step];

/** A step switched on has the paper's threshold again. */
export function withStep(settings: CleaningSettings, step: StepId, on: boolean): CleaningSettings {
  const { html, minWords, maxSymbols, duplicates } = PAPER_CLEANING;
  switch (step) {
    case 'html':
      return { ...settings, html: on ? html : false };
    case 'short':
      return { ...settings, minWords: on ? minWords : 0 };
    case 'symbols':
      return { ...settings, maxSymbols: on ? maxSymbols : 1 };
    case 'duplicates':
      return { ...settings, duplicates: on ? duplicates : 'off' };
  }
}

/** The first step whose counts no longer hold after a change, and with it all that follow; null: none. */
export function staleFrom(counted: CleaningSettings, now: CleaningSettings): StepId | null {
  if (counted.html !== now.html || counted.sentences !== now.sentences) return 'html';
  if (counted.minWords !== now.minWords) return 'short';
  if (counted.maxSymbols !== now.maxSymbols) return 'symbols';
  return counted.duplicates === now.duplicates ? null : 'duplicates';
}

/** One decimal, more only where nothing else would be left: `62.3 %`, `0.01 %`. */
export const percent = (share: number): string =>
  share > 0 && share < 0.0005 ? `${Number((100 * share).toPrecision(1))} %` : `${(100 * share).toFixed(1)} %`;

export interface StepRow {
  id: StepId;
  label: string;
  on: boolean;
  stale: boolean;
  samplesIn: number;
  samplesOut: number;
  bytesOut: number;
  /** Of what came in; 0 where nothing did. */
  share: number;
  examples: readonly Example[];
}

/** One row a step. Exact and near duplicates are one: what either took out. */
export function stepRows(report: Report, settings: CleaningSettings): StepRow[] {
  const stale = staleFrom(report.settings, settings);
  const from = stale === null ? STEP_IDS.length : STEP_IDS.indexOf(stale);
  let samples = report.samplesIn;
  let bytes = report.bytesIn;
  return STEP_IDS.map((id, i) => {
    const own = report.steps.filter(
      ({ step }) => step === id || (id === 'duplicates' && step === 'near-duplicates'),
    );
    const samplesIn = samples;
    samples = own.at(-1)?.samplesOut ?? samples;
    bytes = own.at(-1)?.bytesOut ?? bytes;
    return {
      id,
      label: STEP_LABELS[id],
      on: isOn(id, settings),
      stale: i >= from,
      samplesIn,
      samplesOut: samples,
      bytesOut: bytes,
      share: samplesIn === 0 ? 0 : 1 - samples / samplesIn,
      examples: own.flatMap(({ examples }) => examples),
    };
  });
}

/** The report as a table, examples included. */
export function reportTable(report: Report): { head: string[]; rows: (string | number)[][] } {
  return {
    head: ['step', 'samplesIn', 'samplesOut', 'bytesIn', 'bytesOut', 'removedShare', 'example', 'reason'],
    rows: report.steps.flatMap((step) => {
      const { samplesIn, samplesOut, bytesIn, bytesOut, removedShare } = step;
      const counts = [step.step, samplesIn, samplesOut, bytesIn, bytesOut, removedShare];
      const examples = step.examples.map(({ text, reason }) => [
        ...[step.step, '', '', '', '', ''],
        ...[text, reason],
      ]);
      return [[...counts, '', ''], ...examples];
    }),
  };
}

const WORDS: Readonly<Record<string, string>> = {
  html: 'HTML',
  short: 'short',
  symbols: 'symbols',
  duplicates: 'duplicates',
  'near-duplicates': 'near duplicates',
};

/** `5 of 7 samples went: 3 short, 1 symbols, 1 duplicates.` */
export function takenWords(
  samplesIn: number,
  samplesOut: number,
  taken: readonly { step: string; samples: number }[],
): string {
  if (samplesIn === samplesOut) return 'Nothing was taken out of this one.';
  const parts = taken
    .filter(({ samples }) => samples > 0)
    .map(({ step, samples }) => `${samples} ${WORDS[step] ?? step}`);
  return `${samplesIn - samplesOut} of ${samplesIn} samples went: ${parts.join(', ')}.`;
}
