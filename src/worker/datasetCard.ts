/** What is asked of a data set of the Hub, and what the session answers. */
import type { ShownRow } from '../data/firstRows';

/** What somebody asks of a data set: its configs and splits; with a `part` also what that holds and costs. */
export interface DatasetQuery {
  /** `owner/dataset` */
  repo: string;
  revision?: string | undefined;
  part?: PartQuery;
}

export interface PartQuery {
  config?: string | undefined;
  split: string;
  /** What would be read; all columns where one of these is missing. */
  columns?: string[] | undefined;
  fraction: number;
  seed: number;
  /** Of the first rows so many come with the answer; for them alone rows are read. */
  rows?: number | undefined;
}

/** One split of a data set of the Hub, as its footers describe it. */
export interface DatasetPart {
  split: string;
  /** None of a plain text. */
  columns: { name: string; type: string }[];
  /** Absent where only reading tells. */
  rows?: number;
  /** Of all its files. */
  bytes: number;
  /** What reading the asked columns and fraction takes; less where some of it is kept already. */
  fetchBytes: number;
  /** Of the rows, at least the asked fraction: row groups are read whole. */
  share: number;
  /** What reading its first rows takes: of these columns the first row group, or the start of a file. */
  firstBytes: number;
  /** These rows, where they were asked for. */
  first?: ShownRow[];
}

export interface DatasetCard {
  repo: string;
  commit: string;
  /** It is read from the Hub's conversion to Parquet. */
  converted: boolean;
  configs: { name: string; splits: { name: string; files: number; bytes: number }[] }[];
  part?: DatasetPart;
  warnings: string[];
}
