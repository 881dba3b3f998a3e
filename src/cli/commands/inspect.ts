import { DecantError } from '../../errors';
import { openCheckpoint } from '../../io/checkpoint';
import { parameterCount, parseConfig } from '../../model/config';
import { checkTensors } from '../../model/params';
import type { Command } from '../command';
import { HUB_OPTION, hubOf } from '../hub';
import { openFiles, resolveModel } from '../model';
import { machinePlatform } from '../session';

export const inspect: Command = {
  name: 'inspect',
  usage: 'MODEL',
  summary: 'sizes, parameters, tensors, and what is wrong with a checkpoint',
  positionals: 1,
  options: HUB_OPTION,
  async run({ args, out }) {
    const model = resolveModel(args.positionals[0]!);
    const files = await openFiles(model, await machinePlatform(), hubOf(args), out.note);
    const checkpoint = await openCheckpoint(files);
    const config = parseConfig(checkpoint.config);
    let fault: DecantError | undefined;
    try {
      checkTensors(checkpoint.tensors, config);
      // Reading finds NaN. A repository's weights are not fetched for it.
      if (model.kind !== 'hub') for (const name of checkpoint.tensors.keys()) await checkpoint.readRaw(name);
    } catch (error) {
      if (!(error instanceof DecantError)) throw error;
      fault = error;
    }
    const entries = [...checkpoint.tensors.values()];
    const problems = [...(fault ? [fault.message] : []), ...checkpoint.warnings];
    const { nLayer, nHead, nEmbd, nPositions, vocabSize } = config;
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    const dtype = [...new Set(entries.map((entry) => entry.dtype.toLowerCase()))].join('+');
    const parameters = parameterCount(config);
    out.result(
      {
        nLayer,
        nHead,
        nEmbd,
        nPositions,
        vocabSize,
        parameters,
        bytes,
        dtype,
        tensors: entries.length,
        problems,
      },
      [
        `layers ${nLayer}, heads ${nHead}, width ${nEmbd}, positions ${nPositions}, vocabulary ${vocabSize}`,
        `${parameters.toLocaleString('en')} parameters in ${entries.length} tensors, ${bytes.toLocaleString('en')} bytes, ${dtype}`,
        ...(problems.length === 0
          ? ['nothing is wrong with it']
          : problems.map((problem) => `problem: ${problem}`)),
      ],
    );
    if (fault) throw fault;
    return 0;
  },
};
