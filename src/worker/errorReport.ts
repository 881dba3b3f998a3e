/** An error as plain data. */
export interface ErrorReport {
  name: string;
  message: string;
  hint?: string;
  /** True when a file, a setting or the usage is wrong, false when the work failed. */
  input: boolean;
}
