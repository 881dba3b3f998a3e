/** The texts that a session knows, and their token streams for a model's tokenizer. */
import { previewWindows, takeShare, type Ids, type SplitText, type TokenStream } from '../../data/corpus';
import { windowCount } from '../../data/batches';
import { cleanedSource } from '../../data/cleaning/cleanedSource';
import type { CleaningReport } from '../../data/cleaning/report';
import { asText } from '../../data/dataFile';
import { decodeDocuments, loadDemoStream } from '../../data/demo';
import { linesAsDocuments } from '../../data/hubDatasets';
import { documentsInMemory, type DocumentSource } from '../../data/documents';
import { fileDocuments } from '../../data/textFiles';
import type { Tokenizer } from '../../data/tokenizer';
import { splitTokens, wholeTokens } from '../../data/tokens/textTokens';
import { gpt2Tokenizer } from '../../data/gpt2Vocabulary';
import { RecipeError } from '../../errors';
import { partOf, sameText, type Source, type SourcePart, type TextData } from '../../recipe/data';
import { isHubSource } from '../../recipe/hubSource';
import type { Geometry } from '../../recipe/recipe';
import type { Platform } from '../platform';
import type { TextCard, TextRef } from '../protocol';
import { openBrought, type BroughtText } from './broughtTexts';
import { encodeInTurn } from './encoding';
import type { KnownModel } from './models';
import type { Sources } from './sources';
import type { Task } from './task';
import { readVocabulary, requireTokenizer, type Vocabulary } from './vocabulary';

/** A recipe's data for one tokenizer. */
export interface TokenisedText extends SplitText {
  readonly tokenizer: Tokenizer;
  /** What cleaning did to what is learned from; absent where nothing is cleaned. */
  readonly cleaning?: CleaningReport | undefined;
  /** What there is to say about the texts, one sentence each. */
  readonly warnings: readonly string[];
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
  /** A text by its name in recipes; a file of any other ending is taken for plain text. */
  source(part: SourcePart, task: Task): Promise<DocumentSource>;
  /** The tokens of a text as it is. */
  whole(source: DocumentSource, tokenizer: Tokenizer, task: Task): ReturnType<typeof wholeTokens>;
  /** The documents of a loaded text, as they came. */
  documents(source: Source, seed: number | undefined, task: Task): Promise<DocumentSource>;
  /** The vocabulary of a model that a recipe describes instead of naming it. */
  vocabularyFor(model: { config: Geometry; tokenizer?: string }, task: Task): Promise<Vocabulary>;
  /** Lets go of the tokens of all texts, which are read or made anew when they are wanted again. */
  release(): void;
  /** Held-out text of the demo, for measurements that need no text of the user's. */
  heldOut(tokenizer: Tokenizer, task: Task): Promise<TokenStream>;
}

export interface TextServices {
  platform: Platform;
  sources: Sources;
  openModel(ref: string, task: Task): Promise<KnownModel>;
}

const DEMO = 'demo';
const PREVIEW_WINDOWS = 3;
/** The demo's streams and a few texts of the user's. */
const KEPT_STREAMS = 4;

export function textRegistry({ platform, sources, openModel }: TextServices): TextRegistry {
  /** The texts that were brought in this visit, by their names in recipes. */
  const brought = new Map<string, DocumentSource>();
  /** Sources of the Hub, by the parts of them that recipes name. */
  const opened = new Map<string, DocumentSource>();
  const streams = new Map<string, Promise<unknown>>();

  /** Remembers the last few results by key; a failure is not remembered. */
  function remember<T>(key: string, make: () => Promise<T>): Promise<T> {
    const known = streams.get(key) as Promise<T> | undefined;
    const made = known ?? make();
    streams.delete(key);
    streams.set(key, made);
    for (const old of [...streams.keys()].slice(0, -KEPT_STREAMS)) streams.delete(old);
    made.catch(() => streams.delete(key));
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
  async function demoSource(task: Task): Promise<DocumentSource> {
    const own = requireTokenizer('the demo', (await openModel(DEMO, task)).vocabulary);
    const stream = await demoStream('train', own, task);
    const key = `${DEMO} ${own.fingerprint} ${stream.ids.length}`;
    return documentsInMemory('the demo text', key, [...decodeDocuments(stream, own)]);
  }

  async function sourceOf(
    { source, column: given, join, fraction }: SourcePart,
    seed: number,
    task: Task,
    anyName = false,
  ): Promise<DocumentSource> {
    if (source === DEMO) return demoSource(task);
    const known = brought.get(source);
    if (known) return known;
    const part = JSON.stringify([source, given, join, fraction, seed]);
    const before = opened.get(part);
    // What is tokenised already needs no further question to the Hub. Files of the disk may have changed.
    if (before && [...streams.keys()].some((key) => key.startsWith(`${before.key} `))) return before;
    const found = await sources.open(source, task, { columns: [given ?? 'text'], fraction, seed });
    if (found) {
      const { name, column = given } = found;
      const files = anyName ? found.files.map(asText) : found.files;
      for (const message of [...found.warnings, ...linesAsDocuments(source, join)])
        task.send({ type: 'warning', message });
      const documents = await fileDocuments(name, files, { column, join, fraction, seed });
      if (isHubSource(source)) opened.set(part, documents);
      return documents;
    }
    const loaded = [DEMO, ...brought.keys()].join(', ');
    throw new RecipeError(`the text ${JSON.stringify(source)} is not loaded`, `Loaded: ${loaded}.`);
  }

  const { inTurn, closeFiles } = encodeInTurn(platform);

  const splitOf = (source: DocumentSource, contextLength: number, tokenizer: Tokenizer, task: Task) =>
    remember(`${source.key} split ${contextLength} ${tokenizer.fingerprint}`, () =>
      inTurn(source, task, (means) => splitTokens(source, tokenizer, contextLength, means)),
    );

  const wholeOf = (source: DocumentSource, tokenizer: Tokenizer, task: Task) =>
    remember(`${source.key} whole ${tokenizer.fingerprint}`, () =>
      inTurn(source, task, (means) => wholeTokens(source, tokenizer, means)),
    );

  const tokenise: TextRegistry['tokenise'] = async (data, seed, tokenizer, task) => {
    const train = partOf(data.train);
    const validation = partOf(data.validation);
    const shared = sameText(train, validation);
    const greater = Math.max(train.fraction, validation.fraction);
    let cleaning: CleaningReport | undefined;
    const warnings = new Set<string>();
    const stream = async (part: SourcePart, split: 'train' | 'validation') => {
      task.check();
      // A validation text of its own is what every run is measured on, cleaned or not; the demo's is one.
      const settings = split === 'train' || (shared && part.source !== DEMO) ? data.cleaning : undefined;
      if (part.source === DEMO && !settings)
        return takeShare(await demoStream(split, tokenizer, task), part.fraction);
      const raw = await sourceOf(shared ? { ...part, fraction: greater } : part, seed, task);
      const source = settings ? cleanedSource(raw, settings) : raw;
      // One text for both is split; a text of its own is used whole.
      const found =
        shared && part.source !== DEMO
          ? await splitOf(source, data.contextLength, tokenizer, task)
          : await wholeOf(source, tokenizer, task);
      // The report is the cleaner's own, kept with the tokens.
      if (settings) cleaning = found.report as CleaningReport | undefined;
      for (const warning of found.warnings) warnings.add(warning);
      return takeShare('train' in found ? found[split] : found, part.fraction / source.share);
    };
    const sides = {
      train: await stream(train, 'train'),
      validation: await stream(validation, 'validation'),
      warnings: [...warnings],
    };
    return { tokenizer, ...sides, cleaning };
  };

  return {
    tokenise,
    whole: wholeOf,
    source: (part, task) => sourceOf(part, 1, task, true),
    documents: (source, seed = 1, task) => sourceOf(partOf(source), seed, task),
    async load(text, { contextLength, cleaning }, tokenizer, task) {
      let ref = DEMO;
      let name = 'Demo text';
      let own: BroughtText | undefined;
      if (text.kind === 'files') {
        name = text.name;
        ref = `text:${name}`;
        own = await openBrought(text);
      }
      // One of the same name may be in use, and stays if this one cannot be read.
      const before = brought.get(ref);
      if (own) brought.set(ref, own.source);
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
      const tokens = tokenise(data, seed, tokenizer, task);
      const { train, validation, warnings } = await tokens.catch((error: unknown) => {
        if (before) brought.set(ref, before);
        throw error;
      });
      return {
        ref,
        ...(parts && { parts }),
        name,
        ...(own && own.columns.length > 0 && { columns: own.columns, column: own.column }),
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
    release() {
      streams.clear();
      closeFiles();
    },
    heldOut: (tokenizer, task) => demoStream('validation', tokenizer, task),
  };
}
