import type { Command } from '../command';
import { cache } from './cache';
import { check } from './check';
import { clean } from './clean';
import { dataset } from './dataset';
import { devices } from './devices';
import { evaluate } from './eval';
import { generate } from './generate';
import { inspect } from './inspect';
import { plan } from './plan';
import { run } from './run';
import { select } from './select';
import { sweep } from './sweep';
import { truncate } from './truncate';

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly Command[] = [
  select,
  inspect,
  truncate,
  evaluate,
  plan,
  run,
  sweep,
  generate,
  clean,
  dataset,
  cache,
  check,
  devices,
];
