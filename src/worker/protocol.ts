/**
 * What crosses the border between the page (or the command line) and the session. Plain data only; files are
 * `File` handles, big arrays are transferred. Every command has an id and gets exactly one `done` or
 * `failed`; events carry no id. Times are in milliseconds, losses in nats per token.
 */
import type { ColumnCard, RowsCard } from '../data/columns';
import type { CleanedDocument, TextReport } from '../data/textReport';
import type { FileColumn } from '../data/textColumn';
import type { SeenRow, TaskCard, TaskInfo } from '../data/taskCard';
import type { CleaningReport } from '../data/cleaning/report';
import type { BackendName, DeviceInfo } from '../engine/device';
import type { KeptBytes, KeptKind } from '../io/kept';
import type { GPT2Config } from '../model/config';
import type { CleaningSettings } from '../recipe/cleaning';
import type { Source, SourcePart, TaskData, TextData } from '../recipe/data';
import type { PerplexityReport, ProtocolFields } from '../recipe/protocols';
import type { Recipe, RecipeInput } from '../recipe/recipe';
import type { SettingSpecs } from '../recipe/settings';
import type { Way } from '../train/fit';
import type { EvaluationMoment } from '../train/trainer';
import type { PlannedRun } from '../train/planned';
import type { DatasetCard, DatasetPart, DatasetQuery } from './datasetCard';
import type { ErrorReport } from './errorReport';
import type { Estimate, NearbySetup, NeededBytes, StageNeed } from './estimate';

export type {
  BackendName,
  CleanedDocument,
  ColumnCard,
  DatasetCard,
  DatasetPart,
  DeviceInfo,
  ErrorReport,
  Estimate,
  KeptBytes,
  KeptKind,
  NearbySetup,
  NeededBytes,
  PerplexityReport,
  PlannedRun,
  RowsCard,
  SeenRow,
  StageNeed,
  TaskCard,
  TaskInfo,
  TextReport,
  Way,
};

/** A method as the page shows it; everything comes from the method's own file. */
export interface MethodCard {
  id: string;
  label: string;
  summary: string;
  paper: { label: string; url: string };
  /** The loss as plain text with Unicode symbols: `L = α CE(y, z_s) + (1 − α) T² KL(p_t ‖ p_s)`. */
  formula: string;
  /** Explains the symbols: `p = softmax(z / T)`. */
  where: string;
  needsTeacher: boolean;
  /** Whether the stage keeps a second copy of the student. */
  needsCopy: boolean;
  /** Names of its parts, in order; one that nobody need see when there is only one. */
  parts: string[];
  settings: SettingSpecs;
  /** Loss terms in charting order: `{id: 'hard', label: 'hard, CE'}`. */
  terms: { id: string; label: string }[];
}

/** Where a model comes from. `files` were dropped or chosen on the page; `path` exists in Node only. */
export type ModelRef =
  | { kind: 'demo' }
  | { kind: 'files'; name: string; files: File[] }
  | { kind: 'path'; path: string }
  | { kind: 'hub'; repo: string; revision?: string }
  | { kind: 'run'; runId: string };

export interface ModelCard {
  /** The name that a recipe's `teacher.model` uses for it. */
  ref: string;
  name: string;
  config: GPT2Config;
  parameters: number;
  bytes: number;
  dtype: string;
  tokenizer: 'own' | 'gpt2' | 'none';
  /** One sentence each, e.g. a tensor with NaN inside. */
  warnings: string[];
  /** Who made it, for the demo. */
  note?: string;
}

/** Where a text comes from. A single file is split by whole documents (or lines) into train and validation. */
export type TextRef =
  | { kind: 'demo' }
  /** Of tables, `column` holds the text; without it `text`, or the one with the longest texts. */
  | { kind: 'files'; name: string; files: File[]; column?: string }
  /** Parts of a data set of the Hub; the seed says which rows a fraction takes. */
  | { kind: 'hub'; name: string; train: Source; validation: Source; seed: number };

export interface TextCard {
  /** The name that a recipe's `data.train` and `data.validation` use for it. */
  ref: string;
  /** Of a data set, what they say instead. */
  parts?: { train: Source; validation: Source };
  name: string;
  /** Of files with columns: these, and the one that is the text. */
  columns?: FileColumn[];
  column?: string;
  trainTokens: number;
  validationTokens: number;
  trainDocuments: number;
  /** Number of training windows of the asked context length. */
  windows: number;
  /** The first windows as the model sees them; `text` of each token, `start` marks a document's first token. */
  preview: { tokens: { text: string; id: number; start: boolean }[] }[];
  warnings: string[];
}

/** A classifier on the held-out rows of its task. */
export interface TaskReport {
  task: string;
  /** By name, as shares; the first one is charted: `{accuracy: 0.8, f1: 0.75}`. */
  metrics: Record<string, number>;
  /** Mean cross-entropy, nats per row. */
  loss: number;
  /** Scored examples. */
  rows: number;
  /** Share of the most frequent label. */
  majority: number;
}

/** Where in a run something was measured, and on what. */
export interface MeasuredPoint extends EvaluationMoment {
  runId: string;
  /** The validation set, by its label in the recipe: a curve holds one. */
  data: string;
}

export interface Sample {
  step: number;
  prompt: string;
  text: string;
}

export interface RunResult {
  runId: string;
  steps: number;
  loss: number;
  /** Of the recipe's data, or of the first text among its stages'. */
  perplexityBefore?: PerplexityReport;
  perplexityAfter?: PerplexityReport;
  /** Of the whole teacher on the same text; absent when the run had none or was stopped. */
  teacherPerplexity?: PerplexityReport;
  /** Of a task, instead of perplexities or behind them. */
  scoresBefore?: TaskReport;
  scoresAfter?: TaskReport;
  teacherScores?: TaskReport;
  /** The same on every validation set, by its label in the recipe. */
  teacherOn?: Record<string, PerplexityReport | TaskReport>;
  /** What cleaning did to the text that was learned from. */
  cleaning?: CleaningReport;
  bestStep?: number;
  layers: number[];
  parameters: number;
  tokensPerSecond: number;
  wallMs: number;
  device: string;
  stopped: boolean;
}

export interface SweepRow extends PerplexityReport {
  strategy: string;
  keep: number;
  layers: number[];
  parameters: number;
}

/** What teacher and student expect of one token of the held-out text. */
export interface Distribution {
  /** The tokens of the passage, as the models see them. */
  passage: { id: number; text: string }[];
  /** How many passages the text has. */
  passages: number;
  /** Which token of the passage is predicted, from those before it; at least 1. */
  position: number;
  /** Logits of every word of the vocabulary, [V]. */
  teacher: Float32Array<ArrayBuffer>;
  student: Float32Array<ArrayBuffer>;
  /** The likeliest tokens of both and the right one, as words. */
  words: { id: number; text: string }[];
}

/** An OPFS-or-download independent file of an exported student. */
export interface ExportedFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

export type CommandBody =
  /** The token is kept as long as the session, and shown to the Hub at that address alone. */
  | { type: 'open'; device: 'auto' | BackendName; hubUrl: string; hubToken?: string | undefined }
  /** Another address or token for later requests. */
  | { type: 'setHub'; hubUrl: string; hubToken?: string | undefined }
  /** With a `purpose` only the blocks that its selection keeps are fetched from the Hub; others when needed. */
  | { type: 'loadModel'; model: ModelRef; purpose?: Pick<Recipe, 'selection' | 'seed'> }
  | { type: 'loadText'; text: TextRef; contextLength: number; cleaning?: CleaningSettings }
  /** Labelled rows that recipes name `rows:` and this name; the answer says what their columns hold. */
  | { type: 'loadRows'; name: string; files: File[] }
  /** What a recipe's rows are, and how the model sees them; the files must be loaded. */
  | { type: 'inspectTask'; data: TaskData; seed: number }
  /** What a data set of the Hub holds; with a `part` also its columns and rows, and what reading it would fetch. */
  | ({ type: 'inspectDataset' } & DatasetQuery)
  /** What is in a text, and what cleaning would leave of it, by its first bytes; `seed` is the recipe’s. */
  | { type: 'surveyText'; text: Source; seed?: number; bytes: number; cleaning?: CleaningSettings }
  | { type: 'cleanDocument'; text: Source; seed?: number; cleaning: CleaningSettings; document: number }
  /** Zero-shot perplexity of the loaded teacher's layers on a small fixed held-out text. */
  | { type: 'measure'; model: string; layers: number[] }
  /** What teacher and student expect of one token of the held-out text. A courtesy: a run's start ends it. */
  | {
      type: 'distribution';
      /** The teacher's ref. */
      model: string;
      /** Layers of the teacher, as they are before training; or the student of a run. */
      student: { layers: number[] } | { runId: string };
      /** Of the recipe: whose `validation` is read, and how it is parted from the training text. */
      data: TextData;
      seed: number;
      /** Counted on from the last one with the first. */
      passage: number;
      /** Of the token to predict; the nearest one that has a token before it. */
      position: number;
    }
  /** Perplexity of a whole model on text or token ids that the caller brings. */
  | ({
      type: 'evaluate';
      /** A loaded model's ref, or `run:` and a run's id. */
      model: string;
      /** By its name (`file:PATH`, `hf:...`) a text is of any size. Several documents, or rows, follow end-of-text tokens. */
      input: { text: string } | { ids: number[] } | Pick<SourcePart, 'source' | 'column' | 'join'>;
    } & Pick<ProtocolFields, 'window' | 'stride'> &
      Partial<ProtocolFields>)
  /** A classifier on a file of labelled rows. */
  | {
      type: 'evaluateTask';
      model: string;
      task: Pick<TaskData, 'task' | 'columns' | 'labels'>;
      /** `demo`, or `file:PATH`. */
      rows: string;
      /** Default: what the model can read. */
      maxLength?: number;
    }
  /** Several such measurements; one `sweepRow` event each. */
  | { type: 'sweep'; model: string; candidates: { strategy: string; keep: number; layers: number[] }[] }
  /** What a run of the recipe will need; loads and computes nothing. `budget`: bytes that it may take. */
  | { type: 'estimate'; recipe: RecipeInput; budget?: number }
  | {
      type: 'start';
      runId: string;
      recipe: RecipeInput;
      /** Report every so many steps; absent: as often as reading back costs little. */
      reportEvery?: number;
      /** Have the platform keep a snapshot every so many steps. */
      snapshotEvery?: number;
      /** False: leave out `teacherPerplexity`, which costs one more evaluation a teacher. */
      measureTeacher?: boolean;
      /** Go on from the snapshot that the platform has kept for this run, if there is one. */
      resume?: boolean;
    }
  | { type: 'pause' | 'resume' | 'stepOnce' | 'stop' | 'evaluateNow' }
  | { type: 'export'; runId: string; dtype: 'f32' | 'f16' | 'bf16' }
  | {
      type: 'generate';
      /** A loaded model's ref, or `run:` and a run's id. */
      model: string;
      prompt: string;
      maxNewTokens: number;
      temperature: number;
      topK: number;
      seed: number;
    }
  | { type: 'forget'; runId: string }
  /** What is kept between visits; clearing is refused while something reads it, and leaves what other tabs use. */
  | { type: 'kept' }
  | { type: 'clearKept'; kinds: readonly KeptKind[] }
  /** Cancels the command with that id: a download, a sweep, a generation. */
  | { type: 'cancel'; target: number }
  /** Stops what the command with that id fetches, or lets it go on from there. */
  | { type: 'pauseDownload'; target: number; paused: boolean };

export type Command = CommandBody & { id: number };
export type CommandType = CommandBody['type'];

/** What `done` carries, by type of command. */
export interface Answers {
  open: { device: DeviceInfo; methods: MethodCard[]; tasks: TaskInfo[] };
  loadModel: ModelCard;
  setHub: null;
  loadText: TextCard;
  loadRows: RowsCard;
  inspectTask: TaskCard;
  inspectDataset: DatasetCard;
  surveyText: TextReport;
  cleanDocument: CleanedDocument;
  measure: PerplexityReport;
  distribution: Distribution;
  evaluate: PerplexityReport;
  evaluateTask: TaskReport & { leftOut: number; truncated: number };
  sweep: SweepRow[];
  estimate: Estimate;
  start: RunResult;
  pause: null;
  resume: null;
  stepOnce: null;
  stop: null;
  evaluateNow: null;
  export: ExportedFile[];
  generate: { text: string; ids: number[] };
  forget: null;
  kept: KeptBytes;
  clearKept: KeptBytes;
  cancel: null;
  pauseDownload: null;
}

export interface StepReport {
  runId: string;
  stage: number;
  /** Of a method with several parts, the one this step belongs to. */
  part?: string;
  /** Counted over all stages, from 1. */
  step: number;
  loss: number;
  /** Weighted, so that they add up to `loss`. */
  terms: Record<string, number>;
  learningRate: number;
  /** Before clipping. */
  gradNorm: number;
  /** Training tokens seen so far. */
  tokens: number;
  timeMs: number;
}

/** A row of text before and after a method changed it, and KL(p_t ‖ p_s) on either, nats per scored position. */
export interface ChangedTextReport {
  stage: number;
  step: number;
  tokens: { before: string; after: string }[];
  divergenceBefore: number;
  divergenceAfter: number;
}

export type Event =
  | { type: 'done'; id: number; result: unknown }
  | { type: 'failed'; id: number; error: ErrorReport }
  | {
      type: 'progress';
      id: number;
      what: string;
      done: number;
      total: number;
      unit: 'bytes' | 'tokens' | 'rows' | 'steps';
    }
  | { type: 'sweepRow'; id: number; row: SweepRow }
  | { type: 'token'; id: number; text: string }
  | {
      type: 'runStarted';
      runId: string;
      recipe: Recipe;
      layers: number[];
      totalSteps: number;
      stageSteps: number[];
      planned: PlannedRun;
    }
  /** Steps since the last such event, oldest first: at most ten of these events a second. */
  | { type: 'steps'; runId: string; steps: StepReport[] }
  /** An epoch of a method that draws something for each has begun: RAIL-KD's teacher layers. */
  | { type: 'epoch'; runId: string; stage: number; epoch: number; state: unknown }
  /** What a method does to a row of training text now, token by token: MATE-KD's rewritten words. */
  | ({ type: 'changedText'; runId: string } & ChangedTextReport)
  | ({ type: 'eval' } & MeasuredPoint & PerplexityReport)
  | ({ type: 'scores' } & MeasuredPoint & TaskReport)
  | ({ type: 'sample'; runId: string } & Sample)
  | {
      type: 'runState';
      runId: string;
      state: 'preparing' | 'running' | 'paused' | 'evaluating' | 'stopping';
      detail?: string;
    }
  /** Kernels of a step are being compiled. */
  | { type: 'compiling'; runId: string; done: number; total: number }
  | { type: 'warning'; message: string }
  /** The device is lost or failed; the session must be opened anew. */
  | { type: 'fatal'; error: ErrorReport };

/** One end of a channel: a Worker, its own scope, a MessagePort, or an in-memory pair in Node. */
export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  onmessage: ((event: { data: unknown }) => void) | null;
}
