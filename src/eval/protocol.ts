/**
 * Perplexity by a protocol: which windows, on the text as it came or detokenised, per token or per word. Per word it
 * is exp(total negative log-likelihood / words), the words of the text as it came, those that the scored tokens stand
 * for: words of the text × scored tokens / tokens that can be scored. So the word figures of Megatron-LM's zero-shot
 * script (its `token_ratio`), and where every token is scored exactly exp(nats / words).
 */
import { detokenise, wordCount } from '../data/detokenise';
import type { Tokenizer, TokenSequence } from '../data/tokens';
import type { Model } from '../model/gpt2';
import { protocolName, type PerplexityReport, type ProtocolFields } from '../recipe/protocols';
import { perplexity, type PerplexityOptions } from './perplexity';

/** A token stream in the form that a protocol asks for. */
export interface ProtocolText {
  ids: TokenSequence;
  /** Of the original text of all `ids`. */
  words?: number;
}

/** Documents of a stream as text. */
function documentsOf(ids: ArrayLike<number>, tokenizer: Tokenizer): { texts: string[]; opens: boolean } {
  const texts: string[] = [];
  let open: number[] = [];
  const close = () => texts.push(tokenizer.decode(open));
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] !== tokenizer.endOfText) open.push(ids[i]!);
    else {
      if (i > 0) close();
      open = [];
    }
  }
  close();
  return { texts, opens: ids.length > 0 && ids[0] === tokenizer.endOfText };
}

/**
 * A stream as the protocol has it; the stream itself where that is as it came, per token. Byte-level tokens give back
 * their text exactly. With `maxTokens` only as much of it is read as can be scored.
 */
export function textForProtocol(
  ids: TokenSequence,
  tokenizer: Tokenizer,
  { text, unit, window }: ProtocolFields,
  maxTokens = 0,
): ProtocolText {
  if (text === 'raw' && unit === 'token') return { ids };
  // Detokenised text has fewer tokens, and the first one of a window may not be scored.
  const most = maxTokens > 0 ? 2 * (maxTokens + window) : Infinity;
  const part = Array.from(ids.slice(0, Math.min(most, ids.length)));
  const { texts, opens } = documentsOf(part, tokenizer);
  const words = texts.reduce((sum, document) => sum + wordCount(document), 0);
  if (text === 'raw') return { ids: part, words };
  const written: number[] = [];
  for (const [i, document] of texts.entries()) {
    if (i > 0 || opens) written.push(tokenizer.endOfText);
    for (const id of tokenizer.encode(detokenise(document))) written.push(id);
  }
  return { ids: written, words };
}

/** Measures a model by a protocol. Throws what `perplexity` throws. */
export async function perplexityBy(
  protocol: ProtocolFields,
  { params, config }: Model,
  { ids, words: all }: ProtocolText,
  options: Omit<PerplexityOptions, 'window' | 'stride'> = {},
): Promise<PerplexityReport> {
  const { window, stride, text, unit } = protocol;
  const found = await perplexity(params, config, ids, { ...options, window, stride });
  const name = protocolName(protocol);
  const words = all === undefined ? undefined : (all * found.tokens) / (ids.length - 1);
  return {
    ...found,
    ...(unit === 'word' && { perplexity: Math.exp((found.loss * found.tokens) / words!) }),
    ...(name && { protocol: name }),
    text,
    unit,
    ...(words !== undefined && { words }),
  };
}
