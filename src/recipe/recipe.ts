/**
 * The recipe: one JSON document that describes a run from start to end. This schema is the single place for
 * its settings, defaults and limits; the form, the command line, the link, and the JSON Schema are derived
 * from it. A method's own settings are checked against the method's specs, which the caller passes in, since
 * this room imports none.
 */
import { z } from 'zod';
import { RecipeError } from '../errors';
import { dataSchema } from './data';
import { migrate } from './migrations';
import { checkPipeline } from './pipeline';
import { PROTOCOL_IDS, protocolById, TEXT_FORMS, UNITS } from './protocols';
import type { MethodSettings, SettingSpec, SettingValues } from './settings';

export const STRATEGIES = [
  'uniform',
  'uniform-2',
  'pseudo-uniform',
  'bottom-half',
  'top-half',
  'random',
] as const;
export type Strategy = (typeof STRATEGIES)[number];

// A schema is compiled at its first use, which takes longer than to read the few recipes of a visit.
z.config({ jitless: true });

const withoutUndefined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]-?: Exclude<T[K], undefined>;
  };

const positive = z.number().int().min(1);

const geometrySchema = z.strictObject({
  n_layer: positive,
  n_head: positive,
  n_embd: positive,
  n_positions: positive,
  vocab_size: positive,
  n_inner: positive.nullish(),
  activation_function: z.enum(['gelu_new', 'gelu']).default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
});

const optimizerSchema = z.strictObject({
  learningRate: z.number().min(0).max(1).default(5e-4),
  warmupSteps: z.number().int().min(0).default(20),
  schedule: z.enum(['linear', 'cosine', 'constant']).default('linear'),
  /** Learning rate at the end, as a share of the peak. */
  finalFraction: z.number().min(0).max(1).default(0),
  weightDecay: z.number().min(0).max(1).default(0.01),
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().positive().default(1e-8),
  /** Largest global gradient norm; 0 switches clipping off. */
  gradClip: z.number().min(0).default(1),
});

const stageSchema = z
  .strictObject({
    method: z.string().min(1),
    settings: z.record(z.string(), z.union([z.number(), z.string()])).default({}),
    /** What this stage learns from; the recipe's data where it says nothing. */
    data: dataSchema.optional(),
    steps: positive.optional(),
    epochs: z.number().positive().optional(),
    batchSize: positive.default(8),
    gradAccumSteps: positive.default(1),
    /** Share of activations that is dropped while the student learns; GPT-2 was trained with 0.1. */
    dropout: z.number().min(0).max(0.9).default(0),
    /** Keep only the inputs of blocks and run them again in the backward pass: less memory, about a quarter more work. */
    recompute: z.boolean().default(false),
    /** Logits come in chunks of rows of at most so many MiB, a teacher's as many again; smaller ones take more passes. */
    logitsMegabytes: z.number().int().min(1).max(1024).default(32),
    optimizer: optimizerSchema.prefault({}),
  })
  .refine((stage) => (stage.steps === undefined) !== (stage.epochs === undefined), {
    message: 'give either steps or epochs',
  });

const teacherSchema = z.strictObject({
  /**
   * `demo`, a folder, `hf:owner/name[@revision]`, or `{config}` for a freshly initialised GPT-2 (normal
   * initialisation with standard deviation 0.02, residual projections scaled by 1/sqrt(2 nLayer)).
   */
  model: z.union([
    z.string().min(1),
    z.strictObject({ config: geometrySchema, tokenizer: z.string().optional() }),
  ]),
  /** Of the teacher's weights while it teaches; `f16` takes half the memory. The student is made of them in f32. */
  precision: z.enum(['f32', 'f16']).default('f32'),
  /**
   * Trains the whole teacher first, on the run's data unless a stage names its own; the student is made of the model
   * as it was before. Stages of a task make the teacher of the task's stages alone.
   */
  stages: z.array(stageSchema).optional(),
});

const selectionSchema = z.union([
  z.strictObject({ strategy: z.enum(STRATEGIES), keep: positive }),
  z.strictObject({ layers: z.array(z.number().int().min(0)).min(1) }),
]);

const evaluationSchema = z
  .strictObject({
    /** Stands for the four fields that follow; see `protocols.ts`. */
    protocol: z.enum(PROTOCOL_IDS).optional(),
    window: z.number().int().min(2).optional(),
    stride: z.number().int().min(1).optional(),
    text: z.enum(TEXT_FORMS).optional(),
    unit: z.enum(UNITS).optional(),
    /** Evaluate every so many steps; 0: only before and after every stage. */
    every: z.number().int().min(0).default(50),
    /** At most this many validation tokens are scored; 0: all. */
    maxTokens: z.number().int().min(0).default(16384),
    /** Of a task, at most this many validation rows, spread evenly over all, are scored; 0: all. */
    maxRows: z.number().int().min(0).default(0),
    /** A prompt that the student continues at every evaluation; empty: none. */
    prompt: z.string().default(''),
  })
  // A complete recipe holds the four fields and no name, so that changing one of them contradicts nothing.
  .transform(({ protocol, ...given }, context) => {
    const named = protocolById(protocol ?? 'windows-128');
    const { window, stride, text, unit } = { ...named, ...withoutUndefined(given) };
    if (protocol !== undefined) {
      for (const [field, value] of Object.entries({ window, stride, text, unit })) {
        const wanted = named[field as keyof typeof named];
        if (value === wanted) continue;
        const message = `is ${value}, and the protocol ${protocol} has ${wanted}`;
        context.addIssue({ code: 'custom', path: [field], message });
      }
    }
    return { ...given, window, stride, text, unit };
  });

export const recipeSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().optional(),
  /** The seed of every random stream of the run. */
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
  teacher: teacherSchema,
  /** Which teacher layers the student keeps; null trains the model itself. */
  selection: selectionSchema.nullable(),
  data: dataSchema.prefault({}),
  stages: z.array(stageSchema).default([]),
  evaluation: evaluationSchema.prefault({}),
  /** Of matrix products while training; `f16` needs a GPU with shader-f16. Weights and sums are f32 either way. */
  precision: z.enum(['f32', 'f16']).default('f32'),
  /** `on`: trace a step once and replay it; `off`: run every step op by op, to the same results. */
  plan: z.enum(['on', 'off']).default('on'),
});

export type Recipe = z.output<typeof recipeSchema>;
export type RecipeInput = z.input<typeof recipeSchema>;
export type Stage = Recipe['stages'][number];
export type Optimizer = Stage['optimizer'];
export type Selection = NonNullable<Recipe['selection']>;
export type Geometry = z.output<typeof geometrySchema>;

/** `stages.0.optimizer.learningRate` */
function pathOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the recipe' : path.map(String).join('.');
}

function checkSetting(path: string, spec: SettingSpec, value: unknown): number | string {
  if (value === undefined) return spec.default;
  if (spec.kind === 'choice') {
    if (typeof value === 'string' && spec.choices.some((choice) => choice.value === value)) return value;
    const allowed = spec.choices.map((choice) => choice.value).join(', ');
    throw new RecipeError(`${path} is ${JSON.stringify(value)}`, `It can be one of ${allowed}.`);
  }
  const range = `a${spec.integer ? ' whole' : ''} number from ${spec.min} to ${spec.max}`;
  const fits =
    typeof value === 'number' &&
    value >= spec.min &&
    value <= spec.max &&
    !(spec.integer && !Number.isInteger(value));
  if (!fits) throw new RecipeError(`${path} is ${JSON.stringify(value)}, expected ${range}`);
  return value;
}

/** Fills in a stage's own settings from the method's specs. Throws RecipeError for an unknown or bad one. */
export function resolveSettings(path: string, method: MethodSettings, given: SettingValues): SettingValues {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(method.settings, name)) {
      const known = Object.keys(method.settings).join(', ') || 'none';
      throw new RecipeError(`${path}.${name} is not a setting of ${method.id}`, `Its settings: ${known}.`);
    }
  }
  const entries = Object.entries(method.settings).map(([name, spec]) => [
    name,
    checkSetting(`${path}.${name}`, spec, given[name]),
  ]);
  return Object.fromEntries(entries) as SettingValues;
}

/** Fills in the settings of a stage's method. Throws RecipeError for a method or a setting that does not exist. */
function resolveStage(path: string, stage: Stage, methods: readonly MethodSettings[]): void {
  const method = methods.find((candidate) => candidate.id === stage.method);
  if (!method) {
    const known = methods.map((candidate) => candidate.id).join(', ');
    throw new RecipeError(`${path}.method is ${JSON.stringify(stage.method)}`, `Known methods: ${known}.`);
  }
  stage.settings = resolveSettings(`${path}.settings`, method, stage.settings);
}

/**
 * Checks a recipe and fills in every default. `methods` is the list of methods that this build knows.
 * Throws RecipeError with the path of the first field that is wrong; unknown fields are refused.
 */
export function parseRecipe(value: unknown, methods: readonly MethodSettings[]): Recipe {
  const result = recipeSchema.safeParse(migrate(value));
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    if (unknown !== undefined) {
      throw new RecipeError(
        `${pathOf([...issue.path, unknown])} is not a field of a recipe`,
        'Remove it or correct its name.',
      );
    }
    throw new RecipeError(`${pathOf(issue.path)}: ${issue.message}`);
  }
  const recipe = result.data;
  recipe.stages.forEach((stage, index) => resolveStage(`stages.${index}`, stage, methods));
  recipe.teacher.stages?.forEach((stage, index) => resolveStage(`teacher.stages.${index}`, stage, methods));
  checkPipeline(recipe);
  return recipe;
}
