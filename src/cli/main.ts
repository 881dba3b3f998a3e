/** The command line: `decant <command> [options]`. See docs/cli.md for the contract. */
import type { DecantError } from '../errors';
import { RecipeError } from '../errors';
import { COMMON_OPTIONS, parseArguments } from './args';
import type { Command } from './command';
import { COMMANDS } from './commands/index';
import { createOutput } from './output';

const HELP = new Set(['help', '--help', '-h']);

function overview(): string {
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`);
  return ['decant <command> [options]', '', ...lines, '', '`decant <command> --help` says more.'].join('\n');
}

function helpOf({ name, usage, summary, options }: Command): string {
  const lines = Object.entries({ ...options, ...COMMON_OPTIONS }).map(
    ([option, { value, help }]) => `  ${`--${option}${value ? ` ${value}` : ''}`.padEnd(34)} ${help}`,
  );
  return [`decant ${name} ${usage}`.trimEnd(), summary, '', ...lines].join('\n');
}

/** One sentence on standard error and the exit status: 2 when the input or the usage is wrong. */
function report(error: unknown): number {
  // Errors of a session arrive as plain data with the same two fields.
  const { message, hint, input } =
    error instanceof Error ? (error as Error & Partial<DecantError>) : { message: String(error) };
  const sentence = message.replace(/\s*\n\s*/g, ' ').replace(/\.$/, '');
  process.stderr.write(`decant: ${sentence}${hint ? ` (${hint.replace(/\.$/, '')})` : ''}.\n`);
  return input === true ? 2 : 1;
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    process.stderr.write(`${overview()}\n`);
    return 2;
  }
  if (HELP.has(name)) {
    process.stdout.write(`${overview()}\n`);
    return 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) {
    const known = COMMANDS.map((candidate) => candidate.name).join(', ');
    throw new RecipeError(`there is no command ${JSON.stringify(name)}`, `Commands: ${known}.`);
  }
  const args = parseArguments(rest, command.options);
  if (args.flag('help')) {
    process.stdout.write(`${helpOf(command)}\n`);
    return 0;
  }
  if (args.positionals.length !== command.positionals) {
    throw new RecipeError(
      `${name} takes ${command.positionals} argument${command.positionals === 1 ? '' : 's'} without a name, and ${args.positionals.length} were given`,
      `Usage: decant ${name} ${command.usage}.`,
    );
  }
  return command.run({ args, out: createOutput(args.flag('json')) });
}

/** Runs one command and returns the exit status; never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    return report(error);
  }
}
