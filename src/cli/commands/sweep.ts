import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RecipeError } from '../../errors';
import { parseRecipe, type Recipe } from '../../recipe/recipe';
import type { MethodSettings } from '../../recipe/settings';
import type { Arguments } from '../args';
import type { Command, Context } from '../command';
import { HUB_OPTION } from '../hub';
import { resolveModel } from '../model';
import { SET_OPTION } from '../recipeFile';
import { writeReport, type FullReport } from '../runReport';
import { progressNotes } from '../progressNotes';
import { openSession, prepareEngine, type CliSession } from '../session';
import { candidatesOf, chosenMethods, readSweep, type Candidate, type Sweep } from '../sweepFile';
import { csvOf, rowOf, summariseRows, tableOf, type Row } from '../sweepRows';
import { trainInFolder } from '../training';
import { writeJson, writeWhole } from '../write';
import { checkStrategy, COUNT, SEED } from './select';

/** Lists of the command line take the place of the file's. */
function withOptions(sweep: Sweep, args: Arguments): Sweep {
  const methods = args.text('methods')?.split(',');
  const strategies = args.text('strategies')?.split(',').map(checkStrategy);
  const keep = args.numbers('keep', COUNT);
  const seeds = args.numbers('seeds', SEED);
  return {
    ...sweep,
    lists: {
      methods: methods ? chosenMethods(methods, sweep) : sweep.lists.methods,
      strategies: strategies ?? sweep.lists.strategies,
      keep: keep ?? sweep.lists.keep,
      seeds: seeds ?? sweep.lists.seeds,
    },
  };
}

const plain = (recipe: Recipe): unknown => JSON.parse(JSON.stringify(recipe));

/** Whether a report's recipe is `recipe`; fields that it did not know when it was written are at their defaults. */
function sameRecipe(written: unknown, recipe: Recipe, methods: readonly MethodSettings[]): boolean {
  try {
    return isDeepStrictEqual(plain(parseRecipe(written, methods)), plain(recipe));
  } catch (error) {
    if (error instanceof RecipeError) return false;
    throw error;
  }
}

/** The report of a candidate that an earlier call finished, on the same device with the same recipe. */
async function finished(
  folder: string,
  { recipe }: Candidate,
  device: CliSession['device'],
  methods: readonly MethodSettings[],
): Promise<FullReport | undefined> {
  const path = join(folder, 'report.json');
  if (!existsSync(path)) return undefined;
  const report = JSON.parse(await readFile(path, 'utf8')) as FullReport;
  if (report.stopped || report.device !== device.description) return undefined;
  return sameRecipe(report.recipe, recipe, methods) ? report : undefined;
}

/** Trains and measures one candidate in its folder; undefined when it was stopped. */
async function measure(
  { client, device }: CliSession,
  candidate: Candidate,
  folder: string,
  out: Context['out'],
): Promise<FullReport | undefined> {
  const { runId, recipe } = candidate;
  const request = { client, out, folder, runId, recipe, reportEvery: 1, measureTeacher: true };
  const outcome = await trainInFolder(request);
  await client.request({ type: 'forget', runId });
  if (outcome.result.stopped) return undefined;
  return (await writeReport(request, outcome, device)).full;
}

export const sweep: Command = {
  name: 'sweep',
  usage: 'RECIPE.json --out DIR [--methods LIST] [--strategies LIST] [--keep 6,4] [--seeds 1,2] [--resume]',
  summary: 'the same recipe for several methods, selections and seeds',
  positionals: 1,
  options: {
    out: { value: 'DIR', help: 'sweep.json, sweep.csv, and a folder for each run' },
    methods: { value: 'LIST', help: "methods of the last stage (default: the sweep's, or the recipe's)" },
    strategies: { value: 'LIST', help: "strategies, separated by commas (default: the recipe's)" },
    keep: { value: 'LIST', help: "numbers of layers to keep (default: the recipe's)" },
    seeds: { value: 'LIST', help: "seeds (default: the recipe's)" },
    resume: { help: 'leave out the runs that DIR holds the reports of' },
    ...SET_OPTION,
    ...HUB_OPTION,
  },
  async run({ args, out }) {
    const folder = args.required('out', args.text('out'));
    await prepareEngine(args);
    const { METHODS } = await import('../../methods/index');
    const chosen = withOptions(await readSweep(args.positionals[0]!, args.texts('set')), args);
    const { recipe } = chosen;
    const { model } = recipe.teacher;
    if (typeof model !== 'string')
      throw new RecipeError(
        'a sweep compares students of a trained teacher, and teacher.model describes a new one',
      );
    const session = await openSession(args, out);
    const { config } = await session.client.request(
      { type: 'loadModel', model: resolveModel(model) },
      { onEvent: progressNotes(out) },
    );
    const candidates = candidatesOf(chosen, config.nLayer, METHODS);
    const rows: Row[] = [];
    let teacher: FullReport['evaluation']['teacher'];
    for (const [index, candidate] of candidates.entries()) {
      const runFolder = join(folder, candidate.runId);
      const known = args.flag('resume')
        ? await finished(runFolder, candidate, session.device, METHODS)
        : undefined;
      out.note(`${index + 1} of ${candidates.length}: ${candidate.runId}${known ? ' (has its report)' : ''}`);
      const report = known ?? (await measure(session, candidate, runFolder, out));
      if (!report) break;
      teacher ??= report.evaluation.teacher;
      rows.push(rowOf(candidate, report));
      const { methods } = chosen.lists;
      const found = { recipe, methods, device: session.device, teacher, rows, summary: summariseRows(rows) };
      await writeJson(join(folder, 'sweep.json'), found);
      await writeWhole(join(folder, 'sweep.csv'), `${csvOf(rows)}\n`);
    }
    const summary = summariseRows(rows);
    out.result({ out: folder, rows, summary }, tableOf(rows, summary));
    return rows.length === candidates.length ? 0 : 1;
  },
};
