/** A run as it is planned: which part of its method every step belongs to, and with which learning rate. Pure. */
import type { Method } from '../methods/method';
import { partAt } from '../methods/method';
import type { Stage } from '../recipe/recipe';
import { learningRateAt } from './schedule';

export interface PlannedRun {
  /** The first step of every stretch of a part, counted as in reports: over all stages, from 1. */
  parts: { stage: number; step: number; part: string }[];
  /** The learning rate at some steps, close enough to draw a line through them; every stretch has its first and last. */
  learningRate: { steps: number[]; values: number[] };
}

/** Of one stretch, besides its ends. */
const POINTS = 60;
/** Parts that alternate every few steps over a long stage are more than anybody could see. */
const MOST_STRETCHES = 2000;

interface Stretch {
  stage: number;
  part: number;
  /** In the stage, from 0; `end` is behind the last one. */
  start: number;
  end: number;
}

function stretchesOf(method: Method, stage: Stage, steps: number, index: number): Stretch[] {
  const stretches: Stretch[] = [];
  let last: Stretch | undefined;
  for (let step = 0; step < steps; step++) {
    const { part } = partAt(method, stage.settings, step, steps);
    if (last?.part === part) last.end = step + 1;
    else stretches.push((last = { stage: index, part, start: step, end: step + 1 }));
  }
  return stretches;
}

/** Steps of a stretch through which its learning rate is drawn. */
function sampled({ start, end }: Stretch): number[] {
  const last = end - 1 - start;
  const count = Math.min(last, POINTS);
  return Array.from({ length: count + 1 }, (_, i) => start + Math.round((last * i) / Math.max(1, count)));
}

/** `stageSteps`: how many steps every stage has. Throws nothing: the recipe was checked. */
export function plannedRun(
  stages: readonly Stage[],
  methods: readonly Method[],
  stageSteps: readonly number[],
): PlannedRun {
  const plan: PlannedRun = { parts: [], learningRate: { steps: [], values: [] } };
  let before = 0;
  stages.forEach((stage, index) => {
    const method = methods.find(({ id }) => id === stage.method)!;
    const steps = stageSteps[index]!;
    const stretches = stretchesOf(method, stage, steps, index);
    for (const stretch of stretches.length > MOST_STRETCHES ? [] : stretches) {
      const part = method.parts[stretch.part]!;
      const optimizer = { ...stage.optimizer, ...part.optimizer?.(stage.settings) };
      if (method.parts.length > 1)
        plan.parts.push({ stage: index, step: before + stretch.start + 1, part: part.id });
      for (const step of sampled(stretch)) {
        const position = partAt(method, stage.settings, step, steps);
        plan.learningRate.steps.push(before + step + 1);
        plan.learningRate.values.push(learningRateAt(position.step, position.steps, optimizer));
      }
    }
    before += steps;
  });
  return plan;
}
