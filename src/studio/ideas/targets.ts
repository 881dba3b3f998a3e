/** The numbers behind the pictures of the methods' ideas. Pure. */
import {
  annealingFactor,
  regularisedTarget,
  smoothedTarget,
  type SoftenedTarget as Target,
} from '../../methods/formulas';
import { formatFigure } from '../charts/format';

/** What may follow "… leaves the lake", the right token first; all others are the rest. */
export const NEXT_TOKENS = ['near', 'at', 'and', 'in', 'to', 'by'] as const;

export type { Target };

export interface TargetBar {
  label: string;
  /** Shares of 1. */
  before: number;
  after: number;
}

/** Six tokens and the rest, before and after softening a one-hot target. */
export function targetBars({ label, others }: Target, classes: number): TargetBar[] {
  const named = NEXT_TOKENS.map((token, i) => ({
    label: token,
    before: i === 0 ? 1 : 0,
    after: i === 0 ? label : others,
  }));
  const rest = others * Math.max(0, classes - NEXT_TOKENS.length);
  return [...named, { label: 'rest', before: 0, after: rest }];
}

/** `90` for 0.9000488: a share of 1 in per cent, in three digits. */
export function percentText(share: number): string {
  const percent = 100 * share;
  return percent === 0 ? '0' : percent >= 1 ? String(Number(percent.toPrecision(3))) : formatFigure(percent);
}

export interface FactorStep {
  /** Temperature. */
  t: number;
  factor: number;
  /** Shares of the stage. */
  from: number;
  to: number;
}

/** Annealing-KD's φ over a stage whose first `share` is phase 1: one step a temperature. */
export function factorSteps(tauMax: number, share: number): FactorStep[] {
  return Array.from({ length: tauMax }, (_, i) => ({
    t: tauMax - i,
    factor: annealingFactor({ step: i, steps: tauMax }, tauMax),
    from: (share * i) / tauMax,
    to: (share * (i + 1)) / tauMax,
  }));
}

/** The factor at a share of the stage; null in phase 2, which has none. */
export function factorAt(tauMax: number, share: number, at: number): number | null {
  return factorSteps(tauMax, share).find(({ to }) => at <= to)?.factor ?? null;
}

/** The temperature there; null in phase 2. */
export function temperatureAt(tauMax: number, share: number, at: number): number | null {
  return factorSteps(tauMax, share).find(({ to }) => at <= to)?.t ?? null;
}

type Settings = Readonly<Record<string, number>>;

/** Methods that soften a one-hot target, by id. */
export const TARGETS: Readonly<Record<string, (settings: Settings, classes: number) => Target>> = {
  'label-smoothing': ({ alpha }, classes) => smoothedTarget(alpha!, classes),
  'tf-reg': ({ alpha, a }, classes) => regularisedTarget(alpha!, a!, classes),
};
