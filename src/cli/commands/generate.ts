import type { Command } from '../command';
import { HUB_OPTION } from '../hub';
import { resolveModel } from '../model';
import { progressNotes } from '../progressNotes';
import { openSession } from '../session';
import { SEED } from './select';

export const generate: Command = {
  name: 'generate',
  usage: 'MODEL --prompt TEXT [--max-new-tokens N] [--temperature x] [--top-k N] [--seed N]',
  summary: 'continues a prompt',
  positionals: 1,
  options: {
    prompt: { value: 'TEXT', help: 'the beginning; empty for a new document' },
    'max-new-tokens': { value: 'N', help: 'default 64' },
    temperature: { value: 'X', help: '0 takes the likeliest token every time (default 0.8)' },
    'top-k': { value: 'N', help: 'draw from the N likeliest tokens only; 0 from all (default 40)' },
    seed: { value: 'N', help: 'default 1' },
    ...HUB_OPTION,
  },
  async run({ args, out }) {
    const prompt = args.required('prompt', args.text('prompt'));
    const settings = {
      maxNewTokens: args.number('max-new-tokens', { min: 1, max: 100_000, integer: true }) ?? 64,
      temperature: args.number('temperature', { min: 0, max: 100 }) ?? 0.8,
      topK: args.number('top-k', { min: 0, integer: true }) ?? 40,
      seed: args.number('seed', SEED) ?? 1,
    };
    const model = resolveModel(args.positionals[0]!);
    const { client, device } = await openSession(args, out);
    const { ref } = await client.request({ type: 'loadModel', model }, { onEvent: progressNotes(out) });
    const { text, ids } = await client.request({ type: 'generate', model: ref, prompt, ...settings });
    out.result({ prompt, text, ids, device: device.description }, [prompt + text]);
    return 0;
  },
};
