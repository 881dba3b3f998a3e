/** A short continuation of a prompt while the model learns, so that a reader can see it get better. */
import type { Tokenizer } from '../data/tokenizer';
import { generate } from '../model/generate';
import type { GenerateOptions } from '../model/generate';
import type { Model } from '../model/gpt2';

export interface TextSample {
  prompt: string;
  /** The continuation alone. */
  text: string;
}

// Greedy text of a half-trained model repeats itself; these give readable samples and stay deterministic by seed.
const DEFAULTS = { maxNewTokens: 40, temperature: 0.8, topK: 40 };

/** Continues `prompt`; the same seed at every evaluation, so that only the weights differ between samples. */
export async function sampleText(
  model: Model,
  tokenizer: Pick<Tokenizer, 'encode' | 'decode' | 'endOfText'>,
  prompt: string,
  options: Partial<GenerateOptions> & { seed: number },
): Promise<TextSample> {
  const ids: number[] = [];
  const start = prompt === '' ? [tokenizer.endOfText] : tokenizer.encode(prompt);
  for await (const id of generate(model, start, { ...DEFAULTS, stopAt: tokenizer.endOfText, ...options }))
    ids.push(id);
  return { prompt, text: tokenizer.decode(ids) };
}
