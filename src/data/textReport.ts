/** What is known of a text before any work with it, as plain data. */
import type { CleaningReport, StepName } from './cleaning/report';
import type { TextSurvey } from './survey';

/** What the start of a text holds. */
export interface TextReport {
  survey: TextSurvey;
  /** The text ended before the bytes that were asked for. */
  whole: boolean;
  /** Of the source's bytes; undefined where that is not known, or all. */
  readShare?: number | undefined;
  /** Of this part; absent when nothing is cleaned. */
  cleaning?: CleaningReport;
  tokensLeft?: number;
  warnings: string[];
}

/** One document before and after cleaning, by itself. */
export interface CleanedDocument {
  /** From 0. */
  document: number;
  /** Only its start was taken. */
  clipped: boolean;
  /** Of both texts, in order: what is in both, what was taken out, what was put in. */
  parts: { text: string; kind: 'same' | 'out' | 'in' }[];
  after: string;
  samplesIn: number;
  samplesOut: number;
  taken: { step: StepName; samples: number }[];
  /** UTF-8. */
  bytesIn: number;
  bytesOut: number;
  tokensOut: number;
}
