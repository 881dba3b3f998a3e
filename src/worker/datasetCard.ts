/** What a data set of the Hub holds, as the session answers it. */
import type { ShownRow } from '../data/firstRows';

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
