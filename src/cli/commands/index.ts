import type { Command } from '../command';
import { select } from './select';

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly Command[] = [select];
