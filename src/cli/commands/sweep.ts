import { join } from 'node:path';
import { parameterCount, type GPT2Config } from '../../model/config';
import { selectLayers } from '../../model/selection';
import type { Recipe, Strategy } from '../../recipe/recipe';
import type { Arguments } from '../args';
import type { Command } from '../command';
import { HUB_OPTION } from '../model';
import { readRecipe, SET_OPTION } from '../recipeFile';
import { openSession, prepareEngine, progressNotes, type CliSession } from '../session';
import { trainInFolder } from '../training';
import { writeJson, writeWhole } from '../write';
import { RecipeError } from '../../errors';
import { resolveModel } from '../model';
import { checkStrategy, COUNT, SEED } from './select';

interface Candidate {
  strategy: Strategy;
  keep: number;
  seed: number;
  layers: number[];
}

interface Row extends Candidate {
  parameters: number;
  perplexityBefore: number;
  perplexityAfter?: number;
}

/** Every combination, its layers chosen, so that an impossible one is refused before anything runs. */
function candidatesOf(args: Arguments, recipe: Recipe, { nLayer }: GPT2Config): Candidate[] {
  const strategies = args.required('strategies', args.text('strategies')).split(',').map(checkStrategy);
  const keeps = args.required('keep', args.numbers('keep', COUNT));
  const seeds = args.numbers('seeds', SEED) ?? [recipe.seed];
  return strategies.flatMap((strategy) =>
    keeps.flatMap((keep) =>
      seeds.map((seed) => ({
        strategy,
        keep,
        seed,
        layers: selectLayers(strategy, nLayer, keep, seed).layers,
      })),
    ),
  );
}

async function measureRow(
  session: CliSession,
  recipe: Recipe,
  candidate: Candidate,
  folder: string,
  out: Parameters<Command['run']>[0]['out'],
): Promise<Omit<Row, 'parameters'> | null> {
  const { strategy, keep, seed } = candidate;
  const runId = `${strategy}-${keep}-${seed}`;
  out.note(`${strategy}, ${keep} layers, seed ${seed}`);
  const { result, before } = await trainInFolder({
    client: session.client,
    out,
    folder: join(folder, runId),
    runId,
    recipe: { ...recipe, seed, selection: { strategy, keep } },
    reportEvery: 1,
  });
  await session.client.request({ type: 'forget', runId });
  if (result.stopped || !before || 'metrics' in before) return null;
  const after = result.perplexityAfter;
  return {
    ...candidate,
    perplexityBefore: before.perplexity,
    ...(after && { perplexityAfter: after.perplexity }),
  };
}

const csv = (rows: readonly Row[]) =>
  [
    'strategy,keep,seed,layers,parameters,perplexityBefore,perplexityAfter',
    ...rows.map((row) =>
      [
        row.strategy,
        row.keep,
        row.seed,
        row.layers.join(' '),
        row.parameters,
        row.perplexityBefore,
        row.perplexityAfter ?? '',
      ].join(),
    ),
  ].join('\n');

export const sweep: Command = {
  name: 'sweep',
  usage: 'RECIPE.json --out DIR --strategies uniform,pseudo-uniform,... --keep 6[,4] [--seeds 1,2]',
  summary: 'the same recipe for several strategies, sizes and seeds',
  positionals: 1,
  options: {
    out: { value: 'DIR', help: 'sweep.json, sweep.csv, and a folder for each run' },
    strategies: { value: 'LIST', help: 'strategies, separated by commas' },
    keep: { value: 'LIST', help: 'numbers of layers to keep' },
    seeds: { value: 'LIST', help: "seeds (default: the recipe's)" },
    ...SET_OPTION,
    ...HUB_OPTION,
  },
  async run({ args, out }) {
    const folder = args.required('out', args.text('out'));
    await prepareEngine(args);
    const recipe = await readRecipe(args.positionals[0]!, args.texts('set'));
    const { model } = recipe.teacher;
    if (typeof model !== 'string')
      throw new RecipeError(
        'a sweep selects layers of a trained teacher, and teacher.model describes a new one',
      );
    if (recipe.data.kind === 'task')
      throw new RecipeError(
        'a sweep compares perplexities, and the data of this recipe is a task',
        'Use run.',
      );
    const session = await openSession(args, out);
    const { config } = await session.client.request(
      { type: 'loadModel', model: resolveModel(model) },
      { onEvent: progressNotes(out) },
    );
    const candidates = candidatesOf(args, recipe, config);
    const rows: Row[] = [];
    for (const candidate of candidates) {
      const row = await measureRow(session, recipe, candidate, folder, out);
      if (!row) break;
      rows.push({ ...row, parameters: parameterCount({ ...config, nLayer: row.layers.length }) });
      await writeJson(join(folder, 'sweep.json'), { recipe, device: session.device, rows });
      await writeWhole(join(folder, 'sweep.csv'), `${csv(rows)}\n`);
    }
    const shown = (value: number | undefined) => (value === undefined ? '' : value.toFixed(2)).padStart(10);
    out.result({ out: folder, rows }, [
      `${'strategy'.padEnd(16)} keep seed     before      after  layers`,
      ...rows.map(
        (row) =>
          `${row.strategy.padEnd(16)} ${String(row.keep).padStart(4)} ${String(row.seed).padStart(4)} ${shown(row.perplexityBefore)} ${shown(row.perplexityAfter)}  ${row.layers.join(' ')}`,
      ),
    ]);
    return rows.length === candidates.length ? 0 : 1;
  },
};
