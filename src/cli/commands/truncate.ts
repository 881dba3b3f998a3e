import { join } from 'node:path';
import { RecipeError } from '../../errors';
import { openCheckpoint } from '../../io/checkpoint';
import { readTokenizerFiles, type ExportDtype } from '../../io/export';
import { streamCheckpoint } from '../../io/exportStream';
import { parameterCount, parseConfig, toHuggingFaceConfig } from '../../model/config';
import { checkLayers, selectLayers } from '../../model/selection';
import { truncateCheckpoint } from '../../model/truncate';
import type { Arguments } from '../args';
import type { Command } from '../command';
import { HUB_OPTION, hubOf } from '../hub';
import { openFiles, resolveModel } from '../model';
import { machinePlatform } from '../session';
import { refuseOverwriting, writeChunks, writeFiles } from '../write';
import { checkStrategy, COUNT, SEED, STRATEGY_OPTION } from './select';

const DTYPES = ['f32', 'f16', 'bf16'] as const;

export function dtypeOption(args: Arguments): ExportDtype | undefined {
  const asked = args.text('dtype');
  if (asked === undefined) return undefined;
  const dtype = DTYPES.find((name) => name === asked);
  if (!dtype) throw new RecipeError(`--dtype is ${JSON.stringify(asked)}`, `It can be ${DTYPES.join(', ')}.`);
  return dtype;
}

/** The layers that the options name, by hand or by a strategy, for a teacher of n layers. */
function chosenLayers(args: Arguments, n: number, note: (text: string) => void): number[] {
  const byHand = args.numbers('layers', { min: 0, integer: true });
  const strategy = args.text('strategy');
  if ((byHand === undefined) === (strategy === undefined)) {
    throw new RecipeError(
      'give either --layers or --strategy with --keep',
      'For example --strategy uniform --keep 6.',
    );
  }
  if (byHand) return checkLayers(byHand, n);
  const keep = args.required('keep', args.number('keep', COUNT));
  const chosen = selectLayers(checkStrategy(strategy!), n, keep, args.number('seed', SEED) ?? 1);
  if (chosen.note !== undefined) note(chosen.note);
  return chosen.layers;
}

export const truncate: Command = {
  name: 'truncate',
  usage: 'MODEL --out DIR (--strategy S --keep K | --layers 0,2,4,7,9,11) [--dtype f32|f16|bf16]',
  summary: 'a student of some layers, as files; reads only what it keeps',
  positionals: 1,
  options: {
    out: { value: 'DIR', help: "the student's folder" },
    layers: { value: 'LIST', help: 'the layers to keep, counted from 0' },
    keep: { value: 'K', help: 'how many layers the strategy keeps' },
    ...STRATEGY_OPTION,
    dtype: { value: DTYPES.join('|'), help: "default: the teacher's own, bit by bit" },
    ...HUB_OPTION,
  },
  async run({ args, out }) {
    const folder = args.required('out', args.text('out'));
    const asked = dtypeOption(args);
    const model = resolveModel(args.positionals[0]!);
    if (model.kind === 'path') refuseOverwriting(folder, model.path);
    const files = await openFiles(model, await machinePlatform(), hubOf(args), out.note);
    const checkpoint = await openCheckpoint(files);
    const teacher = parseConfig(checkpoint.config);
    const layers = chosenLayers(args, teacher.nLayer, out.note);
    const { config, tensors } = truncateCheckpoint(checkpoint, teacher, layers);
    const dtype = asked ?? (tensors.get('wte.weight')!.dtype.toLowerCase() as ExportDtype);
    const student = streamCheckpoint({
      config: toHuggingFaceConfig(config, checkpoint.config),
      tensors,
      dtype,
    });
    await writeFiles(folder, [student.config, ...(await readTokenizerFiles(files))]);
    await writeChunks(join(folder, student.weights.name), student.weights.chunks);
    checkpoint.warnings.forEach((warning) => out.note(`warning: ${warning}`));
    const parameters = parameterCount(config);
    const bytes = parameters * (dtype === 'f32' ? 4 : 2);
    out.result({ out: folder, layers, parameters, bytes }, [
      `${folder}: layers ${layers.join(' ')}, ${parameters.toLocaleString('en')} parameters, ${bytes.toLocaleString('en')} bytes`,
    ]);
    return 0;
  },
};
