/**
 * How lines look: colour, dash and marker always together, so that no meaning hangs on colour alone
 * (visual.md, section 1). Colours are names of `--decant-*` tokens.
 */
export type MarkerShape = 'disc' | 'square' | 'triangle' | 'diamond' | 'cross' | 'ring' | 'none';

export interface LineStyle {
  colour: string;
  dash: string;
  marker: MarkerShape;
}

/** Runs in a chart; the first is the run in focus. */
export const RUN_STYLES: readonly LineStyle[] = [
  { colour: 'run-1', dash: '', marker: 'disc' },
  { colour: 'run-2', dash: '7 4', marker: 'square' },
  { colour: 'run-3', dash: '2 4', marker: 'triangle' },
  { colour: 'run-4', dash: '9 4 2 4', marker: 'diamond' },
  { colour: 'run-5', dash: '14 4', marker: 'cross' },
  { colour: 'run-6', dash: '4 3', marker: 'ring' },
];

export const INK: LineStyle = { colour: 'text', dash: '', marker: 'none' };
export const TEACHER: LineStyle = { colour: 'teacher', dash: '6 4', marker: 'square' };
export const BEFORE: LineStyle = { colour: 'text-3', dash: '1 4', marker: 'none' };

/** Loss terms take run colours 2 to 6 in the method's order. */
export function termStyle(index: number): LineStyle {
  return RUN_STYLES[1 + (index % 5)]!;
}

export function colourOf(style: LineStyle): string {
  return `var(--decant-${style.colour})`;
}
