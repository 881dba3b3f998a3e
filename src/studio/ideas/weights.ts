/** Weights of a loss that add up to 1, as the parts of one bar. Pure. */
import type { NumberSetting, SettingSpecs, SettingValue } from '../../recipe/settings';

export interface WeightPart {
  /** The setting; absent for what the others leave over. */
  name?: string;
  spec?: NumberSetting;
  /** Id of the loss term that it weights. */
  term: string;
  value: number;
}

type Values = Readonly<Record<string, SettingValue>>;

/** The parts of a method's loss by its settings; empty where no setting says that it weights a term. */
export function weightParts(specs: SettingSpecs, settings: Values): WeightPart[] {
  const parts: WeightPart[] = [];
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.kind !== 'number' || !spec.weighs) continue;
    const value = Number(settings[name] ?? spec.default);
    parts.push({ name, spec, term: spec.weighs.term, value });
    if (spec.weighs.rest !== undefined) parts.push({ term: spec.weighs.rest, value: 1 - value });
  }
  return parts;
}

/**
 * All weights when the `moved`-th becomes `value`: the others keep their proportions and share what is left, equally
 * where they had nothing. They add up to 1.
 */
export function rescale(values: readonly number[], moved: number, value: number): number[] {
  const own = Math.min(1, Math.max(0, value));
  const others = values.reduce((sum, each, i) => sum + (i === moved ? 0 : each), 0);
  return values.map((each, i) => {
    if (i === moved) return own;
    return others > 0 ? ((1 - own) * each) / others : (1 - own) / (values.length - 1);
  });
}

/** Rounded to `digits` so that they still add up to 1: the largest takes what rounding leaves. */
export function rounded(values: readonly number[], digits = 4): number[] {
  const round = (value: number) => Number(value.toFixed(digits));
  const result = values.map(round);
  const largest = result.indexOf(Math.max(...result));
  const others = result.reduce((sum, each, i) => sum + (i === largest ? 0 : each), 0);
  result[largest] = round(1 - others);
  return result;
}

/** The parts after moving the `moved`-th, as settings. */
export function movedWeights(
  parts: readonly WeightPart[],
  moved: number,
  value: number,
): Record<string, number> {
  const values = rounded(
    rescale(
      parts.map((part) => part.value),
      moved,
      value,
    ),
  );
  return Object.fromEntries(parts.flatMap(({ name }, i) => (name === undefined ? [] : [[name, values[i]!]])));
}
