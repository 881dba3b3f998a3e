/** What the bar of memory says. Pure. */
import { rowLength } from '../../recipe/data';
import type { Recipe } from '../../recipe/recipe';
import type { Estimate, NearbySetup, NeededBytes, Way } from '../../worker/protocol';
import { formatBytes, formatCount } from '../charts/format';
import { sentence } from '../pieces/ErrorCard';

/** A piece of the bar. */
export interface Segment {
  id: string;
  label: string;
  bytes: number;
}

const LABELS: readonly (readonly [keyof NeededBytes, string])[] = [
  ['teacher', 'teacher'],
  ['student', 'student'],
  ['goodWeights', 'kept copy'],
  ['gradients', 'gradients'],
  ['moments', 'AdamW'],
  ['activations', 'activations'],
  ['logits', 'logits'],
  ['held', 'other models'],
  ['other', 'rest'],
];

// Thinner than a pixel of a wide bar.
const VISIBLE = 1 / 400;

/** The parts that can be seen, in the bar's order; what is too small for that goes into the rest. */
export function segmentsOf({ parts, bytes }: Pick<Estimate, 'parts' | 'bytes'>, recipe: Recipe): Segment[] {
  const segments: Segment[] = [];
  let small = 0;
  for (const [id, label] of LABELS) {
    const own = parts[id];
    if (own < bytes * VISIBLE) small += own;
    else {
      const half = id === 'teacher' && recipe.teacher.precision === 'f16';
      segments.push({ id, label: half ? 'teacher f16' : label, bytes: own });
    }
  }
  const rest = segments.find(({ id }) => id === 'other');
  if (rest) rest.bytes += small;
  return segments;
}

/** Figures of a legend in the unit of its largest one: `0.33`, with `GB` to say once. */
export function inUnitOf(most: number): { unit: string; show: (bytes: number) => string } {
  const [scale, unit] = most >= 1e9 ? [1e9, 'GB'] : [1e6, 'MB'];
  return {
    unit,
    show: (bytes) => {
      const value = bytes / scale;
      return value >= 100 ? formatCount(value) : value.toFixed(value >= 10 ? 1 : 2);
    },
  };
}

const lowerFirst = (text: string) =>
  /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;

function wayLabel(way: Way, { recipe }: NearbySetup, before: Recipe): string {
  switch (way) {
    case 'accumulate': {
      const stage = recipe.stages.find((each, i) => each.batchSize !== before.stages[i]?.batchSize);
      return `Batch ${stage?.batchSize} × ${stage?.gradAccumSteps}`;
    }
    case 'smaller-chunks':
      return `Logits in chunks of ${Math.min(...recipe.stages.map(({ logitsMegabytes }) => logitsMegabytes))} MB`;
    case 'recompute':
      return 'Recompute';
    case 'f16-teacher':
      return 'f16 teacher';
    case 'shorter':
      return `Context ${formatCount(rowLength(recipe.data))}`;
    case 'fewer-layers': {
      const { selection } = recipe;
      return `Keep ${selection && 'keep' in selection ? selection.keep : ''} layers`;
    }
  }
}

/** `Batch 4 × 2, recompute` */
export function nearbyLabel(near: NearbySetup, before: Recipe): string {
  return near.ways
    .map((way, i) => (i === 0 ? wayLabel(way, near, before) : lowerFirst(wayLabel(way, near, before))))
    .join(', ');
}

/** What it costs: `the same result, 1.25 times the work`. */
export function nearbyCost({ ways, work }: NearbySetup): string {
  const result = ways.includes('fewer-layers')
    ? 'changes the result: a smaller student'
    : ways.includes('shorter')
      ? 'changes the result: the student sees less text at a time'
      : ways.includes('f16-teacher')
        ? 'nearly the same result: the teacher’s weights are rounded'
        : 'the same result';
  const factor = Number(work.toFixed(2));
  return `${result}, ${factor === 1 ? 'the same work' : `${factor} times the work`}`;
}

export interface Verdict {
  tone: 'fits' | 'over' | 'open';
  head: string;
  /** Need and limit, where they say something. */
  of: string;
  rest: string;
}

/** `Does not fit.` `76.2 MB of 50.0 MB` `, 26.2 MB too many. Batch 2 × 4 would fit.` */
export function verdictOf(estimate: Estimate, recipe: Recipe): Verdict {
  const { bytes, budget, fits, problem, basis, limits, largestBytes, nearest, reason } = estimate;
  const first = nearest[0];
  // Several changes at once are too long for the line; their button says them.
  const simple = first && first.ways.length === 1;
  const way = simple ? ` ${nearbyLabel(first, recipe)} would fit.` : first ? '' : ' Nothing near it fits.';
  const of = `${formatBytes(bytes)} of ${formatBytes(budget.bytes)}`;
  if (problem)
    return { tone: 'over', head: 'Cannot run here.', of: '', rest: `${sentence(problem.message)}${way}` };
  if (bytes > budget.bytes) {
    const excess = formatBytes(bytes - budget.bytes);
    return { tone: 'over', head: 'Does not fit.', of, rest: `, ${excess} too many.${way}` };
  }
  if (!fits) {
    const rest = `One buffer needs ${formatBytes(largestBytes)}, this device allows ${formatBytes(limits.maxBufferSize)}.${way}`;
    return { tone: 'over', head: 'Does not fit.', of: '', rest };
  }
  if (basis === 'weights') return { tone: 'open', head: 'At least', of, rest: `. ${reason ?? ''}`.trimEnd() };
  return { tone: 'fits', head: 'Fits.', of, rest: '' };
}
