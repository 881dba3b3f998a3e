/** Numbers in fields: reading, showing, stepping. Pure. */

export interface NumberLimits {
  min: number;
  max: number;
  /** What an arrow key adds; `0` multiplies by two instead, for rates. */
  step: number;
  integer?: boolean;
}

/** The number that a text means, or null. Thousands may be separated by commas or spaces. */
export function parseNumber(text: string): number | null {
  const plain = text
    .trim()
    .replace(/[,\s\u202f]/g, '')
    .replace('−', '-');
  if (plain === '') return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

export function clampNumber(value: number, { min, max, integer }: NumberLimits): number {
  const inside = Math.min(Math.max(value, min), max);
  return integer ? Math.round(inside) : inside;
}

/** `0.5`, `2000`, `5e-4`: what a field shows and takes back. */
export function showNumber(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(4).replace(/\.?0+e/, 'e');
  return String(Number(value.toPrecision(12)));
}

export function stepNumber(value: number, direction: 1 | -1, limits: NumberLimits): number {
  const { step } = limits;
  const next = step === 0 ? value * (direction > 0 ? 2 : 0.5) : value + direction * step;
  // Steps of 0.05 must not leave 0.15000000000000002 behind.
  return clampNumber(Number(next.toPrecision(12)), limits);
}
