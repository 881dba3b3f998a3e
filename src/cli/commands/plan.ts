import type { Estimate, NeededBytes } from '../../worker/protocol';
import type { Command } from '../command';
import { HUB_OPTION } from '../hub';
import { readRecipe, SET_OPTION } from '../recipeFile';
import { openSession, prepareEngine } from '../session';

const GB = 1e9;

const PARTS: readonly (readonly [keyof NeededBytes, string])[] = [
  ['teacher', 'teacher'],
  ['student', 'student'],
  ['goodWeights', 'kept copy of good weights'],
  ['moments', 'AdamW moments'],
  ['gradients', 'gradients'],
  ['activations', 'activations'],
  ['logits', 'logits of a chunk'],
  ['held', 'other models on the device'],
  ['other', 'inputs, constants, the rest'],
];

const WAYS = {
  accumulate: 'smaller batches, more of them a step: the same result',
  'smaller-chunks': 'logits in smaller chunks: the same result, more passes',
  recompute: 'recompute: the same result, more work',
  'f16-teacher': 'teacher in f16: nearly the same result',
  shorter: 'shorter context: changes the result',
  'fewer-layers': 'fewer layers: changes the result',
} as const;

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** What a `--set` would have to say to get from one recipe to the other. */
function settings(before: object, after: object, path = ''): string[] {
  const old = before as Record<string, unknown>;
  return Object.entries(after).flatMap(([key, value]: [string, unknown]) => {
    const here = path === '' ? key : `${path}.${key}`;
    if (JSON.stringify(value) === JSON.stringify(old[key])) return [];
    const deeper = typeof value === 'object' && value !== null && typeof old[key] === 'object' && old[key];
    return deeper ? settings(deeper, value, here) : [`--set ${here}=${JSON.stringify(value)}`];
  });
}

function linesOf(estimate: Estimate, recipe: object): string[] {
  const { stages, parts, bytes, budget, fits, nearest, reason, problem, basis } = estimate;
  const whose = budget.assumed ? ', half of the memory of this machine' : '';
  return [
    ...stages.map(
      ({ method, dispatches, flops, bytes: own }, i) =>
        `stage ${i + 1}, ${method}: ${dispatches} dispatches and ${(flops / 1e9).toFixed(2)} GFLOP a step, ${megabytes(own)}`,
    ),
    ...PARTS.flatMap(([part, label]) =>
      parts[part] > 0 ? [`  ${label.padEnd(28)} ${megabytes(parts[part]).padStart(12)}`] : [],
    ),
    `  ${(basis === 'trace' ? 'in all, at most' : 'in all, at least').padEnd(28)} ${megabytes(bytes).padStart(12)}`,
    ...(reason === undefined ? [] : [reason]),
    ...(problem ? [`it cannot run: ${problem.message}`] : []),
    `${fits ? (basis === 'trace' ? 'fits' : 'what is known fits') : 'does not fit'} into ${megabytes(budget.bytes)}${whose}`,
    ...nearest.map(({ ways, recipe: changed, bytes: own, work }) => {
      const words = ways.map((way) => WAYS[way]).join('; ');
      return `would fit: ${settings(recipe, changed).join(' ')} (${words}; ${work.toFixed(2)} times the work, ${megabytes(own)})`;
    }),
  ];
}

export const plan: Command = {
  name: 'plan',
  usage: 'RECIPE.json [--memory GB] [--set stages.0.batchSize=4 ...]',
  summary: 'what a run would need, by a trace that allocates nothing, and whether it fits',
  positionals: 1,
  options: {
    memory: { value: 'GB', help: 'what a run may take (default: half of the memory of this machine)' },
    ...SET_OPTION,
    ...HUB_OPTION,
  },
  async run({ args, out }) {
    const memory = args.number('memory', { min: 0.001 });
    await prepareEngine(args);
    const recipe = await readRecipe(args.positionals[0]!, args.texts('set'));
    const { client, device } = await openSession(args, out);
    const budget = memory === undefined ? undefined : Math.round(memory * GB);
    const estimate = await client.request({ type: 'estimate', recipe, budget });
    out.result({ ...estimate, device: device.description }, linesOf(estimate, recipe));
    return 0;
  },
};
