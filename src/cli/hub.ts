/** The Hub as the command line knows it: its address, a token, and data sets without a session. */
import { createGate } from '../io/patience';
import type { HubAccess, Watch } from '../worker/session/sources';
import type { Arguments, OptionSpecs } from './args';
import type { Output } from './output';
import { progressNotes } from './progressNotes';

export const HUB_OPTION: OptionSpecs = {
  hub: { value: 'URL', help: 'a mirror of the Hugging Face Hub' },
  'hub-token': { value: 'TOKEN', help: 'for what is private or gated; or in the environment, as HF_TOKEN' },
};

export const hubOf = (args: Arguments): HubAccess => ({
  url: args.text('hub') ?? process.env.HF_ENDPOINT ?? 'https://huggingface.co',
  // An empty variable is none.
  token: (args.text('hub-token') ?? process.env.HF_TOKEN) || undefined,
});

/** What watches a download where there is no session: progress becomes notes. */
export function noteWatch(out: Output): Watch {
  const note = progressNotes(out);
  return {
    signal: new AbortController().signal,
    gate: createGate(),
    progress: (what, done, total, unit) => note({ type: 'progress', id: 0, what, done, total, unit }),
  };
}
