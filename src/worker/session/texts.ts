/** The texts that a session knows, and their token streams for a model's tokenizer. */
import {
  encodeDocuments,
  previewWindows,
  splitCorpus,
  takeShare,
  type Corpus,
  type SplitText,
  type TokenStream,
} from '../../data/corpus';
import { windowCount } from '../../data/batches';
import { loadDemoStream } from '../../data/demo';
import { readTextFile, readTextFiles } from '../../data/textFiles';
import type { Tokenizer } from '../../data/tokenizer';
import { gpt2Tokenizer } from '../../data/gpt2Vocabulary';
import { RecipeError } from '../../errors';
import { partOf, type TextData } from '../../recipe/data';
import type { Geometry } from '../../recipe/recipe';
import type { Platform } from '../platform';
import type { TextCard, TextRef } from '../protocol';
import type { KnownModel } from './models';
import type { Task } from './task';
import { readVocabulary, requireTokenizer, type Vocabulary } from './vocabulary';

/** A recipe's data for one tokenizer. */
export interface TokenisedText extends SplitText {
  readonly tokenizer: Tokenizer;
}

export interface TextRegistry {
  /** Reads a text and says what a model with this tokenizer would see of it. */
  load(text: TextRef, contextLength: number, tokenizer: Tokenizer, task: Task): Promise<TextCard>;
  tokenise(data: TextData, tokenizer: Tokenizer, task: Task): Promise<TokenisedText>;
  /** The vocabulary of a model that a recipe describes instead of naming it. */
  vocabularyFor(model: { config: Geometry; tokenizer?: string }, task: Task): Promise<Vocabulary>;
  /** Held-out text of the demo, for measurements that need no text of the user's. */
  heldOut(tokenizer: Tokenizer, task: Task): Promise<TokenStream>;
}

export interface TextServices {
  platform: Platform;
  openModel(ref: string, task: Task): Promise<KnownModel>;
}

const DEMO = 'demo';
const FILE = 'file:';
const PREVIEW_WINDOWS = 3;
/** The demo's streams and a few texts of the user's; a text of 100 MB is 50 MB of ids. */
const KEPT_SPLITS = 4;

export function textRegistry({ platform, openModel }: TextServices): TextRegistry {
  const corpora = new Map<string, Corpus>();
  const splits = new Map<string, Promise<unknown>>();

  /** Remembers the last few results by key; a failure is not remembered. */
  function remember<T>(key: string, make: () => Promise<T>): Promise<T> {
    const known = splits.get(key) as Promise<T> | undefined;
    const made = known ?? make();
    splits.delete(key);
    splits.set(key, made);
    for (const old of [...splits.keys()].slice(0, -KEPT_SPLITS)) splits.delete(old);
    made.catch(() => splits.delete(key));
    return made;
  }

  async function demoStream(
    split: 'train' | 'validation',
    tokenizer: Tokenizer,
    task: Task,
  ): Promise<TokenStream> {
    const own = requireTokenizer('the demo', (await openModel(DEMO, task)).vocabulary);
    return remember(`${DEMO} ${split} ${tokenizer.fingerprint}`, async () => {
      const total = 1000;
      return loadDemoStream(await platform.demoTexts(), split, tokenizer, own, (share) =>
        task.progress('reading the demo text', Math.floor(share * total), total, 'tokens'),
      );
    });
  }

  async function corpusOf(source: string): Promise<Corpus> {
    const known = corpora.get(source);
    if (known) return known;
    if (source.startsWith(FILE) && platform.openText) {
      const corpus = await readTextFile(await platform.openText(source.slice(FILE.length)));
      corpora.set(source, corpus);
      return corpus;
    }
    const loaded = [DEMO, ...corpora.keys()].join(', ');
    throw new RecipeError(`the text ${JSON.stringify(source)} is not loaded`, `Loaded: ${loaded}.`);
  }

  const splitOf = async (source: string, contextLength: number, tokenizer: Tokenizer): Promise<SplitText> => {
    const corpus = await corpusOf(source);
    const key = `${source} split ${contextLength} ${tokenizer.fingerprint}`;
    return remember(key, () => Promise.resolve().then(() => splitCorpus(corpus, tokenizer, contextLength)));
  };

  const wholeOf = async (source: string, tokenizer: Tokenizer): Promise<TokenStream> => {
    const { documents } = await corpusOf(source);
    return remember(`${source} whole ${tokenizer.fingerprint}`, () =>
      Promise.resolve().then(() => encodeDocuments(documents, tokenizer)),
    );
  };

  const tokenise: TextRegistry['tokenise'] = async (data, tokenizer, task) => {
    const train = partOf(data.train);
    const validation = partOf(data.validation);
    const stream = async (source: string, split: 'train' | 'validation') => {
      task.check();
      if (source === DEMO) return demoStream(split, tokenizer, task);
      // One text for both is split; a text of its own is used whole.
      if (train.source === validation.source)
        return (await splitOf(source, data.contextLength, tokenizer))[split];
      return wholeOf(source, tokenizer);
    };
    return {
      tokenizer,
      train: takeShare(await stream(train.source, 'train'), train.fraction),
      validation: takeShare(await stream(validation.source, 'validation'), validation.fraction),
    };
  };

  return {
    tokenise,
    async load(text, contextLength, tokenizer, task) {
      let ref = DEMO;
      let name = 'Demo text';
      if (text.kind === 'files') {
        const corpus = await readTextFiles(text.name, text.files);
        name = text.name;
        ref = `text:${name}`;
        corpora.set(ref, corpus);
        // A text of the same name may have been loaded before.
        for (const key of [...splits.keys()]) if (key.startsWith(`${ref} `)) splits.delete(key);
      }
      const data = { kind: 'lm' as const, train: ref, validation: ref, contextLength };
      const { train, validation } = await tokenise(data, tokenizer, task);
      return {
        ref,
        name,
        trainTokens: train.ids.length,
        validationTokens: validation.ids.length,
        trainDocuments: train.documents,
        windows: windowCount(train.ids.length, contextLength),
        preview: previewWindows(train, tokenizer, contextLength, PREVIEW_WINDOWS),
        warnings: [...(corpora.get(ref)?.warnings ?? [])],
      };
    },
    async vocabularyFor({ config, tokenizer: named }, task) {
      if (named !== undefined) {
        const { openFolder } = platform;
        if (named !== DEMO && openFolder) return readVocabulary(await openFolder(named), config.vocab_size);
        return (await openModel(named, task)).vocabulary;
      }
      const demo = (await openModel(DEMO, task)).vocabulary;
      if (demo.tokenizer && demo.tokenizer.vocabSize === config.vocab_size) return demo;
      const gpt2 = await gpt2Tokenizer();
      if (gpt2.vocabSize === config.vocab_size) return { tokenizer: gpt2, origin: 'gpt2', files: [] };
      throw new RecipeError(
        `teacher.model has a vocabulary of ${config.vocab_size}, and no tokenizer of that size is known`,
        'Name a folder with its tokenizer in teacher.model.tokenizer.',
      );
    },
    heldOut: (tokenizer, task) => demoStream('validation', tokenizer, task),
  };
}
