/** What both dialogs of the Hub ask for. Pure, since the store begins before anything is drawn. */

/** Which part of a data set is learned from and measured on. */
export interface SplitChoice {
  config: string;
  train: string;
  /** Null: a part of the training split is held out. */
  validation: string | null;
  /** Of the training split, more than 0, at most 1. */
  fraction: number;
}

/** So many rows tell what a set is like. */
export const FIRST_ROWS = 4;
