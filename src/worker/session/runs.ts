/** Training runs: one at a time, from a recipe to a student that stays until it is forgotten. */
import { releaseIdleBuffers } from '../../engine/idle';
import { createPlanCache } from '../../engine/plan/cache';
import { TrainingError } from '../../errors';
import { METHODS } from '../../methods/index';
import { parameterCount } from '../../model/config';
import { disposeParams } from '../../model/params';
import { dataOf } from '../../recipe/pipeline';
import { parseRecipe } from '../../recipe/recipe';
import { createControl, type Control } from '../../train/control';
import { plannedRun } from '../../train/planned';
import { stageSteps } from '../../train/stage';
import { train, type TrainingEvent, type TrainingResult } from '../../train/trainer';
import type { SnapshotStore } from '../platform';
import type { CommandBody, DeviceInfo, RunResult } from '../protocol';
import { compileReports } from './compiling';
import { lessonOf } from './curriculum';
import { evaluation, resultsOf, type Measured } from './measured';
import { studentModel, type ModelRegistry } from './models';
import { prepare, type Prepared, type PrepareServices } from './prepare';
import type { Pupil } from './pupil';
import { runRef } from './refs';
import { stepBatches, type StepBatches } from './stepBatches';
import type { Task } from './task';
import { taughtKind, teacherMeasurements } from './teacher';
import { trainTeacher } from './teacherStages';

export type RunControl = 'pause' | 'resume' | 'stepOnce' | 'stop' | 'evaluateNow';

export interface RunServices extends PrepareServices {
  models: ModelRegistry;
  device(): DeviceInfo;
  snapshots: SnapshotStore | undefined;
}

type StartCommand = CommandBody & { type: 'start' };

export interface Runs {
  start(command: StartCommand, task: Task): Promise<RunResult>;
  control(command: RunControl): Promise<void>;
  /** Throws TrainingError when that run is the one in progress. */
  refuseActive(runId: string): void;
  /** True from a run's start to its end, pauses included. */
  inProgress(): boolean;
  /** Forgets the run in progress, whose device is gone: it may never end by itself. */
  abandon(): void;
  /** Why the device has no time for anything else; undefined when it has. */
  busy(): string | undefined;
}

interface ActiveRun {
  runId: string;
  control: Control & ReturnType<typeof createControl>;
  paused: boolean;
}

/** Runs the trainer and turns what it says into events of the protocol. */
async function execute(
  run: ActiveRun,
  { reportEvery, snapshotEvery, resume }: StartCommand,
  prepared: Prepared,
  snapshots: SnapshotStore | undefined,
  task: Task,
  steps: StepBatches,
): Promise<[TrainingResult, Measured]> {
  const { recipe, student, teachers, curriculum } = prepared;
  const { runId } = run;
  // The student's evaluation and its samples are traced once a run.
  const plans = createPlanCache({ plan: recipe.plan });
  const { measured, evaluate } = evaluation(runId, prepared, plans, (event) => task.send(event));

  const compiling = compileReports(runId, (event) => task.send(event));
  const onEvent = (event: TrainingEvent) => {
    if (event.type === 'step') {
      const { type: _type, ...step } = event;
      steps.add({ runId, ...step });
    } else if (event.type === 'state') {
      steps.flush();
      run.paused = event.state === 'paused';
      task.send({ type: 'runState', runId, state: event.state });
    } else if (event.type === 'epoch') {
      steps.flush();
      task.send({ runId, ...event });
    } else if (event.type === 'changedText') {
      steps.flush();
      const { before, after, ...rest } = event;
      const word = (id: number) => prepared.vocabulary.tokenizer?.tokenText(id) ?? `#${id}`;
      const tokens = before.map((id, i) => ({ before: word(id), after: word(after[i]!) }));
      task.send({ runId, ...rest, tokens });
    } else if (event.type === 'compiling') {
      compiling(event.done, event.total);
    } else if (event.type === 'eager') {
      const message = `Stage ${event.stage + 1} runs op by op, slower and in more memory: ${event.reason}.`;
      task.send({ type: 'warning', message });
    }
  };

  const counts = recipe.stages.map((stage, index) =>
    stageSteps(stage, curriculum.of(stage).batches(stage, index).windows),
  );
  task.send({
    type: 'runStarted',
    runId,
    recipe,
    layers: prepared.layers,
    totalSteps: counts.reduce((sum, count) => sum + count, 0),
    stageSteps: counts,
    planned: plannedRun(recipe.stages, METHODS, counts),
  });
  const from = (resume ? await snapshots?.load(runId) : undefined) ?? undefined;
  student.trunk = from?.trunk;
  try {
    const result = await train({
      recipe,
      methods: METHODS,
      lesson: (stage, index) =>
        lessonOf(curriculum, student, teachers[dataOf(recipe, stage).kind], stage, index),
      evaluate,
      control: run.control,
      onEvent,
      reportEvery,
      snapshotEvery: snapshots && snapshotEvery,
      onSnapshot: (snapshot) =>
        snapshots!.save(runId, { ...snapshot, ...(student.trunk && { trunk: student.trunk }) }),
      resume: from,
    });
    return [result, measured];
  } finally {
    plans.dispose();
  }
}

export function createRuns(services: RunServices): Runs {
  let active: ActiveRun | undefined;
  const measureTeacher = teacherMeasurements();

  const start: Runs['start'] = async (command, task) => {
    const { runId, recipe: input } = command;
    if (active) {
      throw new TrainingError(`run ${active.runId} is in progress`, 'Stop it, or wait until it has ended.');
    }
    const recipe = parseRecipe(input, METHODS);
    const run: ActiveRun = (active = { runId, control: createControl(), paused: false });
    const steps = stepBatches(runId, (event) => task.send(event));
    const startMs = performance.now();
    let student: Pupil | undefined;
    let ownTeacher: Pupil | null = null;
    let kept = false;
    try {
      task.send({ type: 'runState', runId, state: 'preparing' });
      const prepared = await prepare(recipe, services, task);
      // What measuring left behind would stand beside what was predicted for this run.
      releaseIdleBuffers();
      ({ student, ownTeacher } = prepared);
      const known = studentModel(runRef(runId), recipe.name ?? runId, student, prepared);
      // From here on there are weights worth keeping, however the run ends.
      services.models.add(known);
      kept = true;
      const taught = taughtKind(recipe);
      if (ownTeacher && taught) {
        task.send({ type: 'runState', runId, state: 'preparing', detail: 'training the teacher' });
        const listen = (control: ActiveRun['control']) => (run.control = control);
        prepared.teachers[taught] = await trainTeacher(prepared, ownTeacher, task, listen);
        run.control = createControl();
      }
      task.signal.addEventListener('abort', () => void run.control.stop());
      const [result, measured] = await execute(run, command, prepared, services.snapshots, task, steps);
      let teacher: Awaited<ReturnType<typeof measureTeacher>> = new Map();
      if (command.measureTeacher !== false && !result.stopped) {
        task.send({ type: 'runState', runId, state: 'evaluating', detail: 'measuring the teacher' });
        teacher = await measureTeacher(prepared, run.control.signal);
      }
      return {
        runId,
        steps: result.steps,
        loss: result.loss,
        ...resultsOf(prepared.curriculum, measured, teacher),
        bestStep: measured.best?.step,
        layers: prepared.layers,
        parameters: parameterCount(student.model.config),
        tokensPerSecond: result.timeMs > 0 ? (1000 * result.tokens) / result.timeMs : 0,
        wallMs: performance.now() - startMs,
        device: services.device().description,
        stopped: result.stopped,
      };
    } finally {
      steps.flush();
      if (student && !kept) disposeParams(student.model.params);
      if (ownTeacher) disposeParams(ownTeacher.model.params);
      run.control.finish();
      if (active === run) active = undefined;
      services.models.disposeRetired();
    }
  };

  return {
    start,
    async control(command) {
      if (!active) throw new TrainingError('no run is in progress', 'Start one first.');
      await active.control[command]();
    },
    refuseActive(runId) {
      if (active?.runId === runId) throw new TrainingError(`run ${runId} is in progress`, 'Stop it first.');
    },
    inProgress: () => active !== undefined,
    abandon() {
      void active?.control.stop();
      active = undefined;
    },
    busy: () =>
      active && !active.paused
        ? `run ${active.runId} is training, and the device has no time for anything else`
        : undefined,
  };
}
