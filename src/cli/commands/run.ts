import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RecipeError } from '../../errors';
import type { Recipe } from '../../recipe/recipe';
import type { SnapshotStore } from '../../worker/platform';
import type { PerplexityReport, TaskReport } from '../../worker/protocol';
import type { Command } from '../command';
import { HUB_OPTION } from '../hub';
import { readRecipe, SET_OPTION } from '../recipeFile';
import { writeReport } from '../runReport';
import { openSession, prepareEngine } from '../session';
import { snapshotFolder } from '../snapshotFiles';
import { metricsText, trainInFolder } from '../training';
import { refuseOverwriting, writeFiles } from '../write';
import { dtypeOption } from './truncate';

const RUN = 'run';
/** The student of the demo costs 8 MB a snapshot. */
const SNAPSHOT_EVERY = 50;

/** What may differ between a run and its continuation: how long it goes on and how it is watched. */
function comparable({
  name: _name,
  evaluation: _evaluation,
  stages,
  ...rest
}: Recipe): Record<string, unknown> {
  return { ...rest, stages: stages.map(({ steps: _steps, epochs: _epochs, ...stage }) => stage) };
}

/** Throws RecipeError when a folder holds a run of another recipe. */
async function refuseOtherRecipe(folder: string, recipe: Recipe): Promise<void> {
  const path = join(folder, 'recipe.json');
  if (!existsSync(path)) return;
  const before = comparable(JSON.parse(await readFile(path, 'utf8')) as Recipe);
  const now = comparable(recipe);
  const field = Object.keys(now).find((name) => JSON.stringify(now[name]) !== JSON.stringify(before[name]));
  if (field === undefined) return;
  throw new RecipeError(
    `${folder} holds a run whose ${field} was ${JSON.stringify(before[field])}, and the recipe now says ${JSON.stringify(now[field])}`,
    'Resume with the same recipe, or choose another --out.',
  );
}

/** The step that a run would go on from, or undefined. */
async function snapshotStep(store: SnapshotStore, note: (text: string) => void): Promise<number | undefined> {
  const snapshot = await store.load(RUN);
  if (!snapshot) note('there is no snapshot to resume from; starting at step 0');
  return snapshot?.step;
}

const found = (report: PerplexityReport | TaskReport): string =>
  'metrics' in report
    ? `${metricsText(report)} on ${report.rows} rows`
    : `perplexity ${report.perplexity.toFixed(3)}`;

export const run: Command = {
  name: 'run',
  usage: 'RECIPE.json --out DIR [--resume] [--set stages.0.steps=20 ...]',
  summary: 'truncates, trains and measures as a recipe says',
  positionals: 1,
  options: {
    out: { value: 'DIR', help: 'recipe.json, metrics.jsonl, student/, report.json, snapshot/' },
    resume: { help: 'go on from the snapshot in DIR' },
    ...SET_OPTION,
    dtype: { value: 'f32|f16|bf16', help: "the student's weights (default f32)" },
    'report-every': { value: 'N', help: 'read the loss back every N steps (default 1)' },
    'snapshot-every': { value: 'N', help: `keep a snapshot every N steps (default ${SNAPSHOT_EVERY})` },
    ...HUB_OPTION,
  },
  async run({ args, out }) {
    const folder = args.required('out', args.text('out'));
    const dtype = dtypeOption(args) ?? 'f32';
    const reportEvery = args.number('report-every', { min: 1, integer: true }) ?? 1;
    const snapshotEvery = args.number('snapshot-every', { min: 1, integer: true }) ?? SNAPSHOT_EVERY;
    await prepareEngine(args);
    const recipe = await readRecipe(args.positionals[0]!, args.texts('set'));
    if (typeof recipe.teacher.model === 'string')
      refuseOverwriting(join(folder, 'student'), recipe.teacher.model);
    const snapshots = snapshotFolder(folder);
    if (args.flag('resume')) await refuseOtherRecipe(folder, recipe);
    const resumeFrom = args.flag('resume') ? await snapshotStep(snapshots, out.note) : undefined;

    const { client, device } = await openSession(args, out, { snapshots });
    const student = join(folder, 'student');
    const writeStudent = async () =>
      writeFiles(student, await client.request({ type: 'export', runId: RUN, dtype }));
    const request = { client, out, folder, runId: RUN, recipe, reportEvery, snapshotEvery, resumeFrom };
    const outcome = await trainInFolder(request).catch(async (error: unknown) => {
      // The loss broke down: the trainer has put the last good weights back, and they are worth keeping.
      if (error instanceof Error && error.name === 'TrainingError') {
        await writeStudent();
        out.note(`the last good weights are in ${student}`);
      }
      throw error;
    });
    await writeStudent();
    const { result, before } = outcome;
    const { report, after } = await writeReport(request, outcome, device);
    out.result(report, [
      `${result.stopped ? 'stopped after' : 'done:'} ${result.steps} steps, loss ${result.loss.toFixed(4)}`,
      ...(before ? [`${found(before)} before training`] : []),
      ...(after ? [`${found(after)} after training`] : []),
      ...(result.scoresAfter && after !== result.scoresAfter
        ? [`${found(result.scoresAfter)} after training`]
        : []),
      `the student is in ${student}`,
    ]);
    return 0;
  },
};
