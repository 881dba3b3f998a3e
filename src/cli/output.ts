/**
 * What a command says. Results go to standard output; progress, warnings and errors to standard error, so that
 * `--json` leaves one object there and nothing else.
 */
export interface Output {
  readonly json: boolean;
  /** A line for people: standard output, or standard error when that is kept for the JSON. */
  line(text: string): void;
  /** A line that standard output carries in either form. */
  always(text: string): void;
  /** Progress and warnings. */
  note(text: string): void;
  /** The result: one JSON object, or the lines that say the same to people. */
  result(value: object, lines: readonly string[]): void;
}

export function createOutput(json: boolean): Output {
  const out = (text: string) => void process.stdout.write(`${text}\n`);
  const error = (text: string) => void process.stderr.write(`${text}\n`);
  return {
    json,
    line: json ? error : out,
    always: out,
    note: error,
    result(value, lines) {
      if (json) out(JSON.stringify(value));
      else lines.forEach(out);
    },
  };
}
