/** What a command of the command line is. */
import type { Arguments, OptionSpecs } from './args';
import type { Output } from './output';

export interface Context {
  args: Arguments;
  out: Output;
}

export interface Command {
  name: string;
  /** After the name: `MODEL --out DIR`. */
  usage: string;
  summary: string;
  options: OptionSpecs;
  /** How many positional arguments it takes. */
  positionals: number;
  /** Returns the exit status: 0 done, 1 failed. Throws DecantError; its `input` makes the status 2. */
  run(context: Context): Promise<number>;
}
