/**
 * What a training method is: one file, one exported value made by `defineMethod`. The trainer, the page, the
 * command line and the recipe's checks follow from it; none of them asks which method it has.
 *
 * A stage of a recipe runs one method. A method has one or more *parts*: steps that share an objective, a set of
 * weights to update, and an optimiser. Most have one. Annealing-KD has two in sequence, self-KD two in sequence
 * with a copy of the student, MATE-KD two that alternate; which part a step belongs to is a pure function
 * (`partAt`). Conventions (what α weights, where T² stands, reductions) are fixed in `docs/methods.md`.
 */
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { LossTerms, Targets } from '../engine/ops/tokenLoss';
import type { HostValues, LiveNumber } from '../engine/host';
import type { TokenTensors } from '../engine/ops/embedding';
import type { Parameter } from '../engine/parameter';
import type { ForwardOptions, Model, ModelOutput } from '../model/gpt2';
import type { RandomStream } from '../random';
import type { Optimizer } from '../recipe/recipe';
import type { ChoiceSetting, NumberSetting, SettingSpecs, SettingValues } from '../recipe/settings';

/**
 * What an objective needs beyond the student's output on the batch; it types the inputs of `loss`.
 * `teacherOutput`: the frozen teacher's output. `hiddenStates`: of every model that is run.
 * `models`: the models themselves, to run on other inputs (MATE-KD's perturbed text).
 */
export type Need = 'teacherOutput' | 'hiddenStates' | 'models';

type WithHiddenStates<N extends Need> = 'hiddenStates' extends N
  ? ModelOutput & Required<Pick<ModelOutput, 'hiddenStates'>>
  : ModelOutput;

/** Runs a model on a batch of tokens; its head (vocabulary or classes) is the task's business. */
export type Run = (tokens: TokenTensors, options?: ForwardOptions) => ModelOutput;

/** A model as an objective sees it. Frozen ones take no gradient but let it pass through. */
export interface RunnableModel extends Model {
  readonly run: Run;
}

/** Where training stands; everything that follows a schedule is a pure function of it. */
export interface Progress {
  /** Steps of this part done so far, from 0, and planned in all. */
  step: number;
  steps: number;
  /** Passes over the training text finished in this stage. */
  epoch: number;
}

/**
 * What every objective gets. It runs once, when its step is traced, and what it computes on the host is then
 * frozen: what changes from step to step comes through `schedule` and `drawn`. `State` is what the method's
 * `epochState` returned for this epoch; a new state is a new trace.
 */
interface CommonInputs<State> {
  tokens: TokenTensors;
  targets: Targets;
  /** This batch's share of the step's rows, for terms that are means over rows. */
  share: number;
  /** A number that is computed anew for every step, for the weights and scalars of terms or `hostScalar`. */
  schedule(at: (progress: Progress) => number): LiveNumber;
  /**
   * A tensor whose values are drawn anew for every batch, from random numbers of this method alone: a mask, or
   * the seed of a noise kernel.
   */
  drawn(
    shape: readonly number[],
    dtype: 'float32' | 'int32',
    draw: (random: RandomStream) => HostValues,
  ): Tensor;
  /** The method's own weights, by name (RAIL-KD's maps, MATE-KD's generator). */
  extra: Readonly<Record<string, Parameter>>;
  state: State;
}

export type LossInputs<N extends Need = Need, State = unknown> = CommonInputs<State> & {
  /** The student's output on `tokens`; in a part that trains `copy`, the copy's. */
  student: WithHiddenStates<N>;
} & ('teacherOutput' extends N ? { teacher: WithHiddenStates<N> } : unknown) &
  ('models' extends N ? { models: { student: RunnableModel; teacher: RunnableModel } } : unknown);

export type SettingsOf<S extends SettingSpecs> = {
  -readonly [K in keyof S]: S[K] extends ChoiceSetting ? string : S[K] extends NumberSetting ? number : never;
};

/** Weights that a part may update: the student, a copy of the student as it was when the stage began, the method's own. */
export type Trained = 'student' | 'copy' | 'extra';

export interface Part<N extends Need = Need, S = SettingValues, State = unknown> {
  /** Unique within the method, e.g. `soft phase`; shown beside the stage's number when there are several. */
  id: string;
  needs: readonly N[];
  /** Default: the student. */
  trains?: readonly Trained[];
  /** Whom `teacher` means: the loaded teacher (default), or the stage's copy of the student, now frozen. */
  teacher?: 'loaded' | 'copy';
  /** What differs from the stage's optimiser. */
  optimizer?(settings: S): Partial<Optimizer>;
  /** The objective on one batch, for `tokenLoss` or plain tfjs ops; terms come weighted and add up to the total. */
  loss(inputs: LossInputs<N, State>, settings: S): LossTerms;
}

/** Which part a step belongs to, and where in that part it stands. */
export interface PartPosition {
  part: number;
  step: number;
  steps: number;
}

export interface ExtraContext {
  student: Model;
  teacher: Model | null;
  random: RandomStream;
}

/** What a method makes of one row of text: [M] int32 each, and KL(p_t ‖ p_s) on the row before and after, [2] nats. */
export interface ChangedWords {
  places: Tensor1D;
  words: Tensor1D;
  divergence: Tensor1D;
}

/** Everything a method says about itself but its objective. */
interface Description<S extends SettingSpecs> {
  id: string;
  label: string;
  /** One sentence for people who have not read the paper. */
  summary: string;
  paper: { label: string; url: string };
  /** The loss as plain text with Unicode symbols. */
  formula: string;
  /** Explains the symbols. */
  where: string;
  /** Loss terms in charting order. Keys of `LossTerms.terms`, over all parts. */
  terms: readonly { id: string; label: string }[];
  settings: S;
}

interface Optional<S, State> {
  /** Which part step `step` of `steps` belongs to. Default: the only part. */
  partAt?(step: number, steps: number, settings: S): PartPosition;
  /** Creates the method's own weights at the start of a stage; the trainer disposes them at its end. */
  createExtra?(context: ExtraContext, settings: S): Readonly<Record<string, Parameter>>;
  /** Plain data drawn anew at the start of every epoch, reported with it (RAIL-KD's layer map). */
  epochState?(context: ExtraContext, settings: S): State;
  /**
   * For readers: what it does to a text now (MATE-KD's rewritten words). Run between steps on one row of the last
   * batch, with frozen models and random numbers of its own, so that no step knows of it.
   */
  changedWords?(inputs: LossInputs<'models'>, settings: S): ChangedWords;
}

export type Method = Description<SettingSpecs> &
  Optional<SettingValues, unknown> & { parts: readonly Part[] };

type SinglePart<N extends Need, S, State> = Pick<Part<N, S, State>, 'needs' | 'trains' | 'teacher' | 'loss'>;

/** A part whatever it needs. */
type AnyPart<S> = Omit<Part<never, S>, 'needs' | 'loss'> & {
  needs: readonly Need[];
  loss(inputs: never, settings: S): LossTerms;
};

/** Says what a part needs, so that TypeScript knows the inputs of its `loss`. */
export function definePart<N extends Need = never, S = SettingValues, State = unknown>(
  part: Part<N, S, State>,
): Part<N, S, State> {
  return part;
}

/**
 * A method from its description and either one `loss` or several `parts`. The types of settings, needs and
 * state meet here and are forgotten afterwards: `resolveSettings` and the trainer guarantee them at run time.
 */
export function defineMethod<const S extends SettingSpecs, N extends Need = never, State = undefined>(
  method: Description<S> &
    Optional<SettingsOf<S>, State> &
    (SinglePart<N, SettingsOf<S>, State> | { parts: readonly AnyPart<SettingsOf<S>>[] }),
): Method {
  const parts = 'parts' in method ? method.parts : [{ ...method, id: 'train' }];
  return { ...method, parts };
}

const ONLY_PART = (step: number, steps: number): PartPosition => ({ part: 0, step, steps });

/** `partAt` of a method whose first part takes a share of the steps, and its second the rest. */
export function twoPhases(step: number, steps: number, share: number): PartPosition {
  const first = Math.round(steps * share);
  if (step < first) return { part: 0, step, steps: first };
  return { part: 1, step: step - first, steps: steps - first };
}

/** `partAt`, for methods with one part too. */
export function partAt(method: Method, settings: SettingValues, step: number, steps: number): PartPosition {
  return (method.partAt ?? ONLY_PART)(step, steps, settings);
}

/** Whether the method asks for a loaded teacher, rather than none or a copy of the student. */
export function needsTeacher(method: Method): boolean {
  return method.parts.some(
    (part) =>
      part.teacher !== 'copy' && (part.needs.includes('teacherOutput') || part.needs.includes('models')),
  );
}

/** Whether a part trains a copy of the student, or learns from one. */
export function wantsCopy(method: Method): boolean {
  return method.parts.some((part) => part.teacher === 'copy' || part.trains?.includes('copy') === true);
}

/** A method as plain data for people and forms; the shape of `MethodCard` in the worker's protocol. */
export function methodCard(method: Method) {
  const { id, label, summary, paper, formula, where, settings, terms } = method;
  return {
    id,
    label,
    summary,
    paper,
    formula,
    where,
    needsTeacher: needsTeacher(method),
    needsCopy: wantsCopy(method),
    parts: method.parts.map((part) => part.id),
    settings,
    terms: terms.map((term) => ({ ...term })),
  };
}
