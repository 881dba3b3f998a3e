/**
 * How a perplexity is taken, by name. Two figures stand beside each other only where all four fields agree: models
 * read more context in larger windows, detokenised text is easier, and a word is several tokens.
 */

/** `detokenised`: WikiText's ` @-@ `, ` , ` and the like are undone before the text is cut into tokens. */
export const TEXT_FORMS = ['raw', 'detokenised'] as const;
/** `token`: exp(nats / scored tokens). `word`: exp(nats per token × tokens / words), words of the text as it came. */
export const UNITS = ['token', 'word'] as const;

export interface ProtocolFields {
  /** Tokens that the model sees at once. */
  window: number;
  /** From one window's start to the next one's. */
  stride: number;
  text: (typeof TEXT_FORMS)[number];
  unit: (typeof UNITS)[number];
}

export interface Protocol extends ProtocolFields {
  id: string;
  /** What it is for, in a sentence. */
  about: string;
}

const sideBySide = (window: number) => ({ window, stride: window, text: 'raw', unit: 'token' }) as const;

export const PROTOCOLS = [
  {
    id: 'windows-128',
    ...sideBySide(128),
    about: 'Windows of 128 tokens side by side; quick, and what a recipe does unless it says otherwise.',
  },
  {
    id: 'windows-512',
    ...sideBySide(512),
    about: 'Windows of 512 tokens side by side; the first tokens of each are guessed with little context.',
  },
  {
    id: 'windows-1024',
    ...sideBySide(1024),
    about:
      'Windows of 1,024 tokens, all that GPT-2 reads, side by side; the usual figure of a training script.',
  },
  {
    id: 'sliding-1024-512',
    ...{ window: 1024, stride: 512, text: 'raw', unit: 'token' },
    about:
      'Windows of 1,024 tokens that slide by 512; every token has at least 512 before it, for twice the work.',
  },
  {
    id: 'detokenised-1024-512',
    ...{ window: 1024, stride: 512, text: 'detokenised', unit: 'token' },
    about:
      'As sliding-1024-512, on text whose spaces and marks are put back as people write them; per token.',
  },
  {
    id: 'word-level',
    ...{ window: 1024, stride: 512, text: 'detokenised', unit: 'word' },
    about:
      'As detokenised-1024-512, per word of the text as it came; compares models of different tokenizers, as on WikiText.',
  },
] as const satisfies readonly Protocol[];

export type ProtocolId = (typeof PROTOCOLS)[number]['id'];
export const PROTOCOL_IDS = PROTOCOLS.map(({ id }) => id) as [ProtocolId, ...ProtocolId[]];

export const protocolById = (id: ProtocolId): Protocol => PROTOCOLS.find((known) => known.id === id)!;

const FIELDS = ['window', 'stride', 'text', 'unit'] as const;

export const sameProtocol = (a: ProtocolFields, b: ProtocolFields): boolean =>
  FIELDS.every((field) => a[field] === b[field]);

/** The name of a protocol with these fields, where it has one. */
export const protocolName = (fields: ProtocolFields): ProtocolId | undefined =>
  PROTOCOLS.find((known) => sameProtocol(known, fields))?.id;

/** A perplexity with all that one must know to put another beside it. */
export interface PerplexityReport extends ProtocolFields {
  /** Per token or per word, as `unit` says. */
  perplexity: number;
  /** Mean cross-entropy, nats per scored token. */
  loss: number;
  /** Scored tokens. */
  tokens: number;
  /** The protocol's name, where it has one. */
  protocol?: ProtocolId;
  /** Words of the original text that the scored tokens stand for; of texts that are detokenised or scored per word. */
  words?: number;
}
