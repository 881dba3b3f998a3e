/** What differs between the browser's worker and Node: where files come from. The session asks for nothing else. */
import type { DataFile } from '../data/dataFile';
import type { EncoderPort } from '../data/tokens/encoders';
import type { TokenStore } from '../data/tokens/shard';
import type { TuningStore } from '../engine/tuner';
import type { HubDataset } from '../io/hubDataset';
import type { Keeping } from '../io/kept';
import type { Gate } from '../io/patience';
import type { FileSet } from '../io/source';
import type { TrainingSnapshot } from '../train/snapshot';

export interface HubRequest {
  repo: string;
  revision: string | undefined;
  hubUrl: string;
  /** Shown to the Hub alone. */
  accessToken: string | undefined;
  onProgress(what: string, done: number, total: number): void;
  signal: AbortSignal;
  /** While it is closed nothing is fetched. */
  gate: Gate;
}

/** A file set whose opening may have something to say. */
export interface HubFiles extends FileSet {
  readonly warnings: readonly string[];
}

/** Files that are read as one text or one table. */
export interface DataFiles {
  /** Of the file or the folder. */
  readonly name: string;
  readonly files: readonly DataFile[];
}

/** Where snapshots of runs are kept. A snapshot replaces the one before only when it is complete. */
export interface SnapshotStore {
  save(runId: string, snapshot: TrainingSnapshot): Promise<void>;
  load(runId: string): Promise<TrainingSnapshot | null>;
}

export interface Platform {
  /** Folder or address of tfjs's wasm files, ending in a slash. */
  readonly wasmPath: string;
  /** Fetch what a model is loaded for at once, with progress, rather than each weight when it is first used. */
  readonly fetchesAhead: boolean;
  /** Memory of the machine, in bytes; undefined where it is not told. */
  readonly memoryBytes: number | undefined;
  /** The bundled teacher's folder. */
  demoTeacher(): Promise<FileSet>;
  /** The bundled texts and tasks, named `text/train.bin`, `tasks/category.train.jsonl` and so on. */
  demoTexts(): Promise<FileSet>;
  openHub(request: HubRequest): Promise<HubFiles>;
  openDataset(request: HubRequest): Promise<HubDataset>;
  /** A folder of this machine. Absent in the browser. */
  openFolder?(path: string): Promise<FileSet>;
  /** A file with text or rows of this machine, or a folder's files of these kinds. Absent in the browser. */
  openData?(path: string): Promise<DataFiles>;
  /** Absent where snapshots are not kept. */
  readonly snapshots?: SnapshotStore;
  /** Where the fastest kernels of an adapter are kept; absent: the usual ones run. */
  readonly tuning?: TuningStore;
  /** A run waits until kernels are timed; otherwise they are timed while nothing runs. */
  readonly tunesFirst?: boolean;
  /** Where the tokens of texts are kept; absent: in memory, as long as the session lives. */
  tokens?(): Promise<TokenStore>;
  /** Downloads and tokens that are kept; absent where nothing is. */
  readonly kept?: Keeping;
  /** Starts workers that encode text; absent: the session's own thread does. */
  startEncoders?(): Promise<EncoderPort[]>;
}
