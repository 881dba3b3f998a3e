/** Ten AdamW steps of the tiny student, with the plain loss and with vanilla KD. Tolerances: fixtures/README.md. */
import type { Batch, BatchIterator } from '../../data/batches';
import { readTensor } from '../../engine/device';
import { METHODS } from '../../methods/index';
import { disposeParams } from '../../model/params';
import { parseRecipe } from '../../recipe/recipe';
import { createControl } from '../../train/control';
import { languageModelling } from '../../train/task';
import type { TrainingStep } from '../../train/report';
import { train } from '../../train/trainer';
import type { Fixtures } from './fixtures';
import type { CheckReport } from './report';

const LOSSES = 2e-6;
const NORMS = 2e-6;
const PARAMETERS = 2e-6;

interface AdamWFixture {
  input_ids: number[][][];
  lr: number[];
  runs: Record<string, { loss: number[]; grad_norm: number[] }>;
}

const RUNS = { lm: 'fine-tune', vanilla_kd: 'vanilla-kd' } as const;

/** The fixture's batches in order; the last position of a row predicts nothing. */
function batchesOf({ input_ids }: AdamWFixture): BatchIterator {
  let index = 0;
  const rows = input_ids[0]!.length;
  return {
    windows: input_ids.length * rows,
    next(): Batch {
      const batch = input_ids[index++ % input_ids.length]!;
      return {
        ids: Int32Array.from(batch.flat()),
        labels: Int32Array.from(batch.flatMap((row) => [...row.slice(1), -100])),
        batch: rows,
        length: batch[0]!.length,
      };
    },
    get position() {
      return { epoch: 0, index, counter: 0 };
    },
    set position(position) {
      index = position.index;
    },
  };
}

/**
 * Leaves out the key part of c_attn.bias: its exact gradient is 0, float32 leaves rounding noise, and Adam scales
 * that up to the learning rate.
 */
function comparable(name: string, values: Float32Array): ArrayLike<number> {
  if (!name.endsWith('c_attn.bias')) return values;
  const C = values.length / 3;
  return [...values.subarray(0, C), ...values.subarray(2 * C)];
}

async function checkRun(fixtures: Fixtures, report: CheckReport, run: keyof typeof RUNS): Promise<void> {
  const fixture = await fixtures.json<AdamWFixture>('adamw');
  const { student_layers } = await fixtures.json<{ student_layers: number[] }>('forward');
  const expected = fixture.runs[run]!;
  const student = await fixtures.model('gpt2-tiny', student_layers);
  const teacher = run === 'lm' ? null : await fixtures.model('gpt2-tiny', undefined, false);
  const optimizer = {
    learningRate: 1e-3,
    warmupSteps: 3,
    schedule: 'linear',
    weightDecay: 0.01,
    gradClip: 1,
  };
  const stage = {
    method: RUNS[run],
    steps: fixture.lr.length,
    batchSize: fixture.input_ids[0]!.length,
    optimizer,
  };
  const recipe = parseRecipe(
    { version: 1, teacher: { model: 'demo' }, selection: null, stages: [stage], evaluation: { every: 0 } },
    METHODS,
  );
  const steps: TrainingStep[] = [];
  await train({
    recipe,
    methods: METHODS,
    lesson: () => ({ task: languageModelling, student, teacher, batches: batchesOf(fixture) }),
    control: createControl(),
    reportEvery: 1,
    onEvent: (event) => event.type === 'step' && steps.push(event),
  });
  const of = (field: 'loss' | 'gradNorm' | 'learningRate') => steps.map((step) => step[field]);
  report.close(`adamw ${run}, learning rates`, of('learningRate'), fixture.lr, 1e-11);
  report.close(`adamw ${run}, losses`, of('loss'), expected.loss, LOSSES);
  report.close(`adamw ${run}, gradient norms`, of('gradNorm'), expected.grad_norm, NORMS);
  const stored = await fixtures.tensors('adamw');
  const prefix = `${run}/transformer.`;
  for (const key of (await fixtures.names('adamw')).filter((name) => name.startsWith(prefix))) {
    const name = key.slice(prefix.length);
    const parameter = student.params[name];
    const actual = parameter ? comparable(name, await readTensor(parameter.value)) : [];
    report.close(`adamw ${run}, ${name}`, actual, comparable(name, stored(key).values), PARAMETERS);
  }
  disposeParams(student.params);
  if (teacher) disposeParams(teacher.params);
}

export function trainingChecks(fixtures: Fixtures, report: CheckReport): [string, () => Promise<void>][] {
  return (['lm', 'vanilla_kd'] as const).map((run) => [
    `adamw ${run}`,
    () => checkRun(fixtures, report, run),
  ]);
}
