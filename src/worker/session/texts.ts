/** The texts that a session knows, and their token streams for a model's tokenizer. */
import {
  encodeDocuments,
  previewWindows,
  splitCorpus,
  takeShare,
  type Corpus,
  type Ids,
  type SplitText,
  type TokenStream,
} from '../../data/corpus';
import { windowCount } from '../../data/batches';
import { cleanedSource } from '../../data/cleaning/cleanedSource';
import type { CleaningReport } from '../../data/cleaning/report';
import { kindOf, type DataFile } from '../../data/dataFile';
import { decodeDocuments, loadDemoStream } from '../../data/demo';
import { collectDocuments, documentsInMemory, type DocumentSource } from '../../data/documents';
import { readTextFiles } from '../../data/textFiles';
import type { Tokenizer } from '../../data/tokenizer';
import { gpt2Tokenizer } from '../../data/gpt2Vocabulary';
import { DataError, RecipeError } from '../../errors';
import { blobSource } from '../../io/source';
import type { CleaningSettings } from '../../recipe/cleaning';
import { partOf, type SourcePart, type TextData } from '../../recipe/data';
import type { Geometry } from '../../recipe/recipe';
import type { Platform } from '../platform';
import type { TextCard, TextRef } from '../protocol';
import type { KnownModel } from './models';
import type { Sources } from './sources';
import type { Task } from './task';
import { readVocabulary, requireTokenizer, type Vocabulary } from './vocabulary';

/** A recipe's data for one tokenizer. */
export interface TokenisedText extends SplitText {
  readonly tokenizer: Tokenizer;
  /** What cleaning did to what is learned from; absent where nothing is cleaned. */
  readonly cleaning?: CleaningReport | undefined;
}

export interface TextRegistry {
  /** Reads a text and says what a model with this tokenizer would see of it. */
  load(
    text: TextRef,
    wanted: Pick<TextData, 'contextLength' | 'cleaning'>,
    tokenizer: Tokenizer,
    task: Task,
  ): Promise<TextCard>;
  tokenise(data: TextData, seed: number, tokenizer: Tokenizer, task: Task): Promise<TokenisedText>;
  /** The documents of a loaded text, as they came. */
  documents(ref: string, task: Task): Promise<DocumentSource>;
  /** The vocabulary of a model that a recipe describes instead of naming it. */
  vocabularyFor(model: { config: Geometry; tokenizer?: string }, task: Task): Promise<Vocabulary>;
  /** Held-out text of the demo, for measurements that need no text of the user's. */
  heldOut(tokenizer: Tokenizer, task: Task): Promise<TokenStream>;
}

interface KnownCorpus {
  /** Tells it from other texts, other columns, other parts and other cleanings. */
  key: string;
  corpus: Corpus;
  cleaning?: CleaningReport | undefined;
}

export interface TextServices {
  platform: Platform;
  sources: Sources;
  openModel(ref: string, task: Task): Promise<KnownModel>;
}

const DEMO = 'demo';
const PREVIEW_WINDOWS = 3;
/** The demo's streams and a few texts of the user's; a text of 100 MB is 50 MB of ids. */
const KEPT_SPLITS = 4;

/** Of a dropped folder only the files that can be read; of files that cannot, all, so that the first one is named. */
function textFilesOf(files: readonly File[]): DataFile[] {
  const readable = files.filter(({ name }) => kindOf(name) !== undefined);
  const taken = readable.length > 0 ? readable : files;
  return taken.map((file) => blobSource(file.webkitRelativePath || file.name, file));
}

export function textRegistry({ platform, sources, openModel }: TextServices): TextRegistry {
  const corpora = new Map<string, Corpus>();
  /** Of the texts that were brought in this visit. */
  const names = new Set<string>();
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
  ): Promise<TokenStream<Ids>> {
    const own = requireTokenizer('the demo', (await openModel(DEMO, task)).vocabulary);
    return remember(`${DEMO} ${split} ${tokenizer.fingerprint}`, async () => {
      const total = 1000;
      return loadDemoStream(await platform.demoTexts(), split, tokenizer, own, (share) =>
        task.progress('reading the demo text', Math.floor(share * total), total, 'tokens'),
      );
    });
  }

  /** The demo's training documents as text. */
  async function demoCorpus(task: Task): Promise<KnownCorpus> {
    const own = requireTokenizer('the demo', (await openModel(DEMO, task)).vocabulary);
    const documents = [...decodeDocuments(await demoStream('train', own, task), own)];
    return { key: DEMO, corpus: { name: 'the demo text', documents, warnings: [], share: 1 } };
  }

  async function corpusOf(
    { source, column: given, fraction }: SourcePart,
    seed: number,
    task: Task,
  ): Promise<KnownCorpus> {
    // Most files are read whole, whatever part of them is wanted; of Parquet other parts are other corpora.
    const whole = `${source} ${given ?? ''}`;
    const part = `${whole} ${fraction} ${seed}`;
    for (const key of [whole, part]) {
      const corpus = corpora.get(key);
      if (corpus) return { key, corpus };
    }
    const found = await sources.open(source, task, { columns: [given ?? 'text'], fraction, seed });
    if (found) {
      const { name, files, column = given } = found;
      for (const message of found.warnings) task.send({ type: 'warning', message });
      const corpus = await readTextFiles(name, files, { column, fraction, seed });
      const key = corpus.share === 1 ? whole : part;
      corpora.set(key, corpus);
      return { key, corpus };
    }
    const loaded = [DEMO, ...names].join(', ');
    throw new RecipeError(`the text ${JSON.stringify(source)} is not loaded`, `Loaded: ${loaded}.`);
  }

  const sourceOf = ({ key, corpus }: KnownCorpus) =>
    documentsInMemory(corpus.name, key, corpus.documents, corpus.share);

  /** What cleaning leaves of a text. Throws DataError when that is nothing. */
  const cleaned = (known: KnownCorpus, settings: CleaningSettings, task: Task): Promise<KnownCorpus> => {
    const source = cleanedSource(sourceOf(known), settings);
    return remember(source.key, async () => {
      const documents = await collectDocuments(source, task.signal);
      if (documents.length === 0) {
        throw new DataError(
          `nothing is left of ${known.corpus.name} after cleaning`,
          'Loosen the thresholds of data.cleaning, or leave it out.',
        );
      }
      const corpus = { ...known.corpus, documents, warnings: source.warnings };
      return { key: source.key, corpus, cleaning: source.report };
    });
  };

  const splitOf = ({ key, corpus }: KnownCorpus, contextLength: number, tokenizer: Tokenizer) =>
    remember(`${key} split ${contextLength} ${tokenizer.fingerprint}`, () =>
      Promise.resolve().then(() => splitCorpus(corpus, tokenizer, contextLength)),
    );

  const wholeOf = ({ key, corpus }: KnownCorpus, tokenizer: Tokenizer) =>
    remember(`${key} whole ${tokenizer.fingerprint}`, () =>
      Promise.resolve().then(() => encodeDocuments(corpus.documents, tokenizer)),
    );

  const tokenise: TextRegistry['tokenise'] = async (data, seed, tokenizer, task) => {
    const train = partOf(data.train);
    const validation = partOf(data.validation);
    const shared = train.source === validation.source && train.column === validation.column;
    const greater = Math.max(train.fraction, validation.fraction);
    let cleaning: CleaningReport | undefined;
    const stream = async (part: SourcePart, split: 'train' | 'validation') => {
      task.check();
      // A validation text of its own is what every run is measured on, cleaned or not; the demo's is one.
      const settings = split === 'train' || (shared && part.source !== DEMO) ? data.cleaning : undefined;
      if (part.source === DEMO && !settings)
        return takeShare(await demoStream(split, tokenizer, task), part.fraction);
      const wanted = shared ? { ...part, fraction: greater } : part;
      let known = part.source === DEMO ? await demoCorpus(task) : await corpusOf(wanted, seed, task);
      if (settings) {
        known = await cleaned(known, settings, task);
        cleaning = known.cleaning;
      }
      // One text for both is split; a text of its own is used whole.
      const read =
        shared && part.source !== DEMO
          ? (await splitOf(known, data.contextLength, tokenizer))[split]
          : await wholeOf(known, tokenizer);
      return takeShare(read, part.fraction / known.corpus.share);
    };
    const streams = {
      train: await stream(train, 'train'),
      validation: await stream(validation, 'validation'),
    };
    return { tokenizer, ...streams, cleaning };
  };

  return {
    tokenise,
    documents: async (ref, task) =>
      sourceOf(ref === DEMO ? await demoCorpus(task) : await corpusOf({ source: ref, fraction: 1 }, 1, task)),
    async load(text, { contextLength, cleaning }, tokenizer, task) {
      let ref = DEMO;
      let name = 'Demo text';
      let warnings: readonly string[] = [];
      if (text.kind === 'files') {
        const corpus = await readTextFiles(text.name, textFilesOf(text.files));
        name = text.name;
        ref = `text:${name}`;
        warnings = corpus.warnings;
        // A text of the same name may have been loaded before.
        for (const known of [corpora, splits])
          for (const key of [...known.keys()]) if (key.startsWith(`${ref} `)) known.delete(key);
        names.add(ref);
        corpora.set(`${ref} `, corpus);
      }
      let parts: TextCard['parts'];
      if (text.kind === 'hub') {
        name = text.name;
        ref = partOf(text.train).source;
        parts = { train: text.train, validation: text.validation };
      }
      const data = {
        kind: 'lm' as const,
        ...(parts ?? { train: ref, validation: ref }),
        contextLength,
        cleaning,
      };
      const seed = text.kind === 'hub' ? text.seed : 1;
      const { train, validation } = await tokenise(data, seed, tokenizer, task);
      return {
        ref,
        ...(parts && { parts }),
        name,
        trainTokens: train.ids.length,
        validationTokens: validation.ids.length,
        trainDocuments: train.documents,
        windows: windowCount(train.ids.length, contextLength),
        preview: previewWindows(train, tokenizer, contextLength, PREVIEW_WINDOWS),
        warnings: [...warnings],
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
