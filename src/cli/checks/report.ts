/** The outcome of comparisons with the fixtures. */
export interface Failure {
  name: string;
  maxError: number | null;
  tolerance: number;
}

export interface CheckReport {
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
  /** Compares by max|x - ref| / max|ref|, the measure of fixtures/README.md. */
  close(name: string, actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void;
  /** Something that must be exact. */
  exact(name: string, holds: boolean): void;
  /** A fixture of something that this build does not have. */
  skip(): void;
  /** A check that could not be carried out. */
  broken(name: string, error: unknown): void;
}

/** Infinity when lengths differ or a value is NaN or infinite where the expected one is not the same. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  let deviation = 0;
  for (let i = 0; i < expected.length; i++) {
    const x = actual[i]!;
    const reference = expected[i]!;
    if (Object.is(x, reference)) {
      if (Number.isFinite(reference)) largest = Math.max(largest, Math.abs(reference));
      continue;
    }
    if (!Number.isFinite(x) || !Number.isFinite(reference)) return Infinity;
    largest = Math.max(largest, Math.abs(reference));
    deviation = Math.max(deviation, Math.abs(x - reference));
  }
  return deviation === 0 ? 0 : deviation / largest;
}

export function createReport(note: (text: string) => void): CheckReport {
  let passed = 0;
  let skipped = 0;
  const failures: Failure[] = [];
  const fail = (failure: Failure, why: string) => {
    failures.push(failure);
    note(`FAILED ${failure.name}: ${why}`);
  };
  return {
    get passed() {
      return passed;
    },
    get skipped() {
      return skipped;
    },
    failures,
    close(name, actual, expected, tolerance) {
      const error = relativeError(actual, expected);
      if (error <= tolerance) passed++;
      // JSON has no infinity.
      else
        fail(
          { name, maxError: Number.isFinite(error) ? error : null, tolerance },
          `error ${error}, allowed ${tolerance}`,
        );
    },
    exact(name, holds) {
      if (holds) passed++;
      else fail({ name, maxError: null, tolerance: 0 }, 'not equal');
    },
    skip: () => void skipped++,
    broken(name, error) {
      const message = error instanceof Error ? error.message : String(error);
      fail({ name, maxError: null, tolerance: 0 }, message);
    },
  };
}
