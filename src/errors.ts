/**
 * The errors a caller can act on. The message says what is wrong and where, with both values; the hint says
 * what to do. `input` tells the command line which exit status to use: 2 when a file, a setting or the usage
 * is wrong, 1 when the work itself failed.
 */
export class DecantError extends Error {
  // Written out in every class: a minifier renames classes, and the page tells errors apart by their names.
  override readonly name: string = 'DecantError';
  readonly hint: string | undefined;
  readonly input: boolean = false;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** A checkpoint, or a file that claims to be one, cannot be used. */
export class CheckpointError extends DecantError {
  override readonly name: string = 'CheckpointError';
  override readonly input = true;
}

/** A recipe, one of its fields, or a command line option is wrong. */
export class RecipeError extends DecantError {
  override readonly name: string = 'RecipeError';
  override readonly input = true;
}

/** A layer selection that no rule can give. */
export class SelectionError extends DecantError {
  override readonly name: string = 'SelectionError';
  override readonly input = true;
}

/** A text, a tokenizer or a data file cannot be used. */
export class DataError extends DecantError {
  override readonly name: string = 'DataError';
  override readonly input = true;
}

/** A file or an address cannot be reached. */
export class SourceError extends DecantError {
  override readonly name: string = 'SourceError';
  override readonly input = true;
}

/** Shapes that do not fit each other: a mistake in the program, or a model that is not what it says. */
export class ShapeError extends DecantError {
  override readonly name: string = 'ShapeError';
}

/** The GPU or the backend failed. */
export class DeviceError extends DecantError {
  override readonly name: string = 'DeviceError';
}

/** Training cannot go on: the loss became non-finite or zero. */
export class TrainingError extends DecantError {
  override readonly name: string = 'TrainingError';
}

/** The user stopped the work. */
export class CancelledError extends DecantError {
  override readonly name: string = 'CancelledError';
}

/** Ends an exhaustive switch: a value of this type cannot exist. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}

/** A step that cannot be traced and replayed; it still runs eagerly. */
export class PlanError extends DecantError {
  override readonly name: string = 'PlanError';
}
