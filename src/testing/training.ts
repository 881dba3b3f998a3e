/** Small trainings for tests: the tiny GPT-2, a few batches from memory, everything reported. */
import type { Batch, BatchIterator } from '../data/batches';
import { METHODS } from '../methods/index';
import type { Method } from '../methods/method';
import type { Model } from '../model/gpt2';
import { parseRecipe, type Recipe, type Stage } from '../recipe/recipe';
import { randomStream } from '../random';
import { createControl } from '../train/control';
import type { TrainingStep } from '../train/report';
import { languageModelling } from '../train/task';
import {
  train,
  type Lesson,
  type TrainingEvent,
  type TrainingOptions,
  type TrainingResult,
} from '../train/trainer';

/** A batch of rows in which token t predicts token t + 1 and the last one nothing. */
export function batchOf(rows: readonly (readonly number[])[]): Batch {
  return {
    ids: Int32Array.from(rows.flat()),
    labels: Int32Array.from(rows.flatMap((row) => [...row.slice(1), -100])),
    batch: rows.length,
    length: rows[0]!.length,
  };
}

/** The batches in order, again and again. */
export function cycle(batches: readonly Batch[]): BatchIterator {
  const position = { epoch: 0, index: 0, counter: 0 };
  return {
    windows: batches.length * batches[0]!.batch,
    next() {
      if (position.index === batches.length) Object.assign(position, { epoch: position.epoch + 1, index: 0 });
      return batches[position.index++]!;
    },
    get position() {
      return { ...position };
    },
    set position(to) {
      Object.assign(position, to);
    },
  };
}

/** `count` batches of random tokens below `vocabSize`. */
export function randomBatches(count: number, batch: number, length: number, vocabSize: number): Batch[] {
  const random = randomStream(7, 'test batches');
  const row = () => Array.from({ length }, () => random.below(vocabSize));
  return Array.from({ length: count }, () => batchOf(Array.from({ length: batch }, row)));
}

export function trainingRecipe(
  stages: readonly object[],
  evaluation: object = { every: 0 },
  methods: readonly Method[] = METHODS,
): Recipe {
  return parseRecipe(
    { version: 1, teacher: { model: 'demo' }, selection: null, stages, evaluation },
    methods,
  );
}

export interface TestRun {
  result: TrainingResult;
  events: TrainingEvent[];
  steps: TrainingStep[];
}

type Given = { recipe: Recipe; student: Model; teacher?: Model | null } & Partial<
  Pick<Lesson, 'task'> & TrainingOptions
> & { batches: (stage: Stage, index: number) => BatchIterator };

/** Trains with every step reported and the memory check on; one student, teacher and task unless `lesson` says otherwise. */
export async function runTraining({
  student,
  teacher = null,
  task = languageModelling,
  batches,
  ...given
}: Given): Promise<TestRun> {
  const events: TrainingEvent[] = [];
  const result = await train({
    methods: METHODS,
    lesson: (stage, index) => ({ student, teacher, task, batches: batches(stage, index) }),
    control: createControl(),
    reportEvery: 1,
    strictMemory: true,
    ...given,
    onEvent(event) {
      events.push(event);
      given.onEvent?.(event);
    },
  });
  return { result, events, steps: events.filter((event) => event.type === 'step') };
}
