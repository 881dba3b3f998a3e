/** The one line of values under a formula: what the settings make of it now. Pure. */
import type { SettingSpecs } from '../../recipe/settings';
import { formatFigure } from '../charts/format';
import { showNumber } from '../pieces/number';
import { factorAt, TARGETS, temperatureAt } from './targets';
import { weightParts } from './weights';

export interface NowInputs {
  id: string;
  specs: SettingSpecs;
  /** Defaults filled in. */
  settings: Readonly<Record<string, string | number>>;
  /** K. */
  classes: number;
  /** Where a run stands, 0 to 1; null without one. */
  standing: number | null;
}

const figure = (value: number) =>
  value >= 1e-4 ? showNumber(Number(value.toPrecision(6))) : formatFigure(value);

/** `0.5 CE + 2 KL`: the weights as they multiply the terms, T² included. */
function weighted(specs: SettingSpecs, settings: NowInputs['settings']): string {
  const T = Number(settings.temperature ?? 1);
  const names: Record<string, (value: number) => string> = {
    hard: (value) => `${showNumber(Number(value.toFixed(2)))} CE`,
    soft: (value) => `${showNumber(Number((value * T * T).toFixed(2)))} KL`,
  };
  const parts = weightParts(specs, settings);
  return parts
    .map(({ term, value }) => names[term]?.(value) ?? `${showNumber(Number(value.toFixed(2)))} distance`)
    .join(' + ');
}

export function nowLine({ id, specs, settings, classes, standing }: NowInputs): string {
  const numbers = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, Number(value)]));
  const target = TARGETS[id]?.(numbers, classes);
  if (target)
    return `K = ${classes.toLocaleString('en-US')}: now ${figure(target.label)} and ${figure(target.others)}`;
  if (id === 'annealing-kd' && standing !== null) {
    const [t, factor] = [temperatureAt, factorAt].map((at) => at(numbers.tauMax!, numbers.share!, standing));
    return t == null ? 'now phase 2' : `now t = ${t}, φ = ${figure(factor!)}`;
  }
  if (Object.keys(specs).length === 0) return 'no settings of its own';
  const sum = weighted(specs, settings);
  if (sum) return `now ${sum}`;
  const values = Object.entries(specs)
    .filter(([, { symbol, minor }]) => symbol && !minor)
    .map(([name, { symbol }]) => `${symbol} ${showNumber(numbers[name]!)}`);
  return values.length > 0 ? `now ${values.join(' · ')}` : '';
}
