import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile, readdir, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { DataError } from '../../errors';
import { memoryFiles } from '../../io/rangeFiles';
import { folderFiles } from '../../io/rangeFiles.node';
import { memorySource } from '../../io/source';
import { fileSource } from '../../io/source.node';
import { startEncoderThreads } from '../../worker/encoders.node';
import { trainingBatches } from '../batches';
import { encodeDocuments, splitCorpus, type TokenStream } from '../corpus';
import type { DocumentPiece, DocumentSource } from '../documents';
import { gpt2Tokenizer } from '../gpt2Vocabulary';
import { fileDocuments } from '../textFiles';
import { encodeInOrder, localEncoder, remoteEncoder } from './encoders';
import { jobsOf, type SplitPiece } from './jobs';
import type { TokenStore } from './shard';
import { splitPieces } from './splitPieces';
import { splitTokens, wholeTokens, type TextWork } from './textTokens';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'decant-tokens-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tokenizer = await gpt2Tokenizer();

const sentence = (i: number) => `Sentence ${i} of ${i % 7} says, "something" of its own;  and ends there.\n`;
const article = (i: number) =>
  Array.from({ length: 5 + (i % 11) }, (_, j) => sentence(31 * i + j)).join(i % 3 ? '' : '\n');
const articles = Array.from({ length: 60 }, (_, i) => article(i));
const book = Array.from({ length: 900 }, (_, i) => article(i)).join('\n');

function sourceOf(documents: readonly string[], key = 'test'): DocumentSource & { reads: number } {
  const source = {
    ...{ name: 'mine', key, share: 1, warnings: [], progress: { done: 0, total: undefined }, reads: 0 },
    async *documents() {
      source.reads++;
      yield documents.map((text) => ({ text }));
    },
  };
  return source;
}

function workIn(store: TokenStore): TextWork {
  return {
    store,
    startEncoders: () => Promise.resolve([localEncoder(tokenizer)]),
    signal: new AbortController().signal,
    onProgress: () => undefined,
  };
}

const idsIn = ({ ids }: TokenStream) => Array.from(ids.slice(0, ids.length));

describe('jobs', () => {
  const chunk = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.constantFrom(' ', '\n\n', '  ', "'s", '\u00a0', '<|endoftext|>', '\ufeff'),
    fc.integer({ min: 1, max: 30 }).map((times) => 'word and  more\n'.repeat(times)),
    fc.constant('x'.repeat(900)),
  );

  test('neither the pieces that come nor the number of encoders changes an id', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.array(chunk, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      async (documents, encoders) => {
        const pieces: DocumentPiece[] = documents.flatMap((parts) =>
          parts.map((text, i) => ({ text, continues: i < parts.length - 1 })),
        );
        async function* stream() {
          for (const piece of pieces) yield [piece];
        }
        const ids: number[] = [];
        const jobs = jobsOf(stream(), true, () => undefined, 200);
        // The first encoder is the slowest, so that results would come out of turn.
        const slow = Array.from({ length: encoders }, (_, i) => ({
          ...localEncoder(tokenizer),
          encode: async (job: Parameters<ReturnType<typeof localEncoder>['encode']>[0]) => {
            await new Promise((resolve) => setTimeout(resolve, encoders - i));
            return localEncoder(tokenizer).encode(job);
          },
        }));
        for await (const { encoded } of encodeInOrder(jobs, slow)) ids.push(...encoded.ids);
        const plain = encodeDocuments(
          documents.map((parts) => parts.join('')),
          tokenizer,
        );
        expect(ids).toEqual(Array.from(plain.ids));
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 3 });
  });

  test('threads give the ids of the plain encoder, in order', async () => {
    const ports = await startEncoderThreads(root, 2);
    const encoders = ports.map((port) => remoteEncoder(port, tokenizer.origin));
    try {
      async function* stream() {
        for (const text of [book, ...articles]) yield [{ text }];
      }
      const parts: number[][] = [];
      for await (const { encoded } of encodeInOrder(
        jobsOf(stream(), true, () => undefined),
        encoders,
      ))
        parts.push(Array.from(encoded.ids));
      expect(parts.length).toBeGreaterThan(1);
      expect(parts.flat()).toEqual(Array.from(encodeDocuments([book, ...articles], tokenizer).ids));
    } finally {
      encoders.forEach((encoder) => encoder.close());
    }
  });
});

describe('a text split from its shard', () => {
  test.each([
    ['many documents', articles, 32],
    ['one long document, by passages', [book], 64],
    ['a text that must hold out more than 5 %', [book.slice(0, 20_000)], 1200],
  ])('is split as in memory: %s', async (_, documents, contextLength) => {
    const plain = splitCorpus({ name: 'mine', documents }, tokenizer, contextLength);
    const work = workIn(memoryFiles());
    const found = await splitTokens(sourceOf(documents), tokenizer, contextLength, work);
    for (const side of ['train', 'validation'] as const) {
      expect(idsIn(found[side])).toEqual(Array.from(plain[side].ids));
      expect(Array.from(found[side].documentStarts)).toEqual(Array.from(plain[side].documentStarts));
    }
    const options = { batchSize: 3, contextLength: Math.min(64, contextLength), seed: 5 };
    const [ours, theirs] = [found, plain].map(({ train }) => trainingBatches(train, options));
    let kept = ours!.position;
    const after: unknown[] = [];
    for (let i = 0; i < 40; i++) {
      const batch = ours!.next();
      expect(batch).toEqual(theirs!.next());
      if (i === 17) kept = ours!.position;
      if (i > 17 && i < 22) after.push(batch);
    }
    const resumed = trainingBatches(found.train, options);
    resumed.position = kept;
    expect(Array.from({ length: 4 }, () => resumed.next())).toEqual(after);
  });

  test('a second time, and for another context, nothing of the source is read', async () => {
    const store = memoryFiles();
    for (const documents of [articles, [book]]) {
      const source = sourceOf(documents, `key ${documents.length}`);
      const first = await splitTokens(source, tokenizer, 64, workIn(store));
      const again = await splitTokens(source, tokenizer, 64, workIn(store));
      await splitTokens(source, tokenizer, 16, workIn(store));
      expect(source.reads).toBe(1);
      expect(idsIn(again.train)).toEqual(idsIn(first.train));
    }
  });

  test('a long document is cut into passages while it streams, wherever its pieces end', async () => {
    const long = book.repeat(Math.ceil(2_500_000 / book.length));
    const found = [];
    for (const size of [1 << 20, 77_777]) {
      async function* stream() {
        for (let at = 0; at < long.length; at += size)
          yield [{ text: long.slice(at, at + size), continues: at + size < long.length }];
      }
      const { mode, pieces } = await splitPieces(stream(), 1_000_000);
      expect(mode).toBe('passages');
      const all: SplitPiece[] = [];
      for await (const batch of pieces) all.push(...batch);
      expect(all.map(({ text }) => text).join('')).toBe(long);
      const share = all.filter(({ heldOut }) => heldOut).length / all.length;
      expect(share).toBeGreaterThan(0.02);
      expect(share).toBeLessThan(0.09);
      for (const [i, { heldOut, continues }] of all.entries())
        expect(continues ?? false).toBe(i + 1 < all.length && all[i + 1]!.heldOut === heldOut);
      found.push(all);
    }
    expect(found[0]).toEqual(found[1]);
  });
});

describe('a shard on the disk', () => {
  const path = join(folder, 'mine.jsonl');
  const cache = join(folder, 'cache');
  writeFileSync(path, articles.map((text) => JSON.stringify({ text })).join('\n'));
  const open = async () => {
    let bytesRead = 0;
    const file = await fileSource(path);
    const read = (start: number, end: number) => {
      bytesRead += end - start;
      return file.read(start, end);
    };
    return { source: await fileDocuments('mine', [{ ...file, read }]), read: () => bytesRead };
  };
  const work = workIn(folderFiles(cache));

  test('counts documents, bytes and tokens as an independent count does', async () => {
    const { source } = await open();
    const shard = await wholeTokens(source, tokenizer, work);
    const { Tokenizer } = await import('@huggingface/tokenizers');
    const { gpt2VocabularyFiles, byteLevelTokenizerJson } = await import('../gpt2Vocabulary');
    const { vocabJson, mergesTxt } = await gpt2VocabularyFiles();
    const vocab = JSON.parse(vocabJson) as Record<string, number>;
    const reference = new Tokenizer(byteLevelTokenizerJson(vocab, mergesTxt), {});
    const texts = (await readFile(path, 'utf8'))
      .split('\n')
      .map((line) => (JSON.parse(line) as { text: string }).text);
    const tokens = texts.map((text) => reference.encode(text, { add_special_tokens: false }).ids.length);
    expect(shard.documents).toBe(texts.length);
    expect(shard.bytes).toBe(Buffer.byteLength(texts.join('')));
    expect(shard.ids.length).toBe(tokens.reduce((sum, count) => sum + count + 1, 0));
    expect(Array.from(shard.lengths)).toEqual(tokens.map((count) => count + 1));
    expect(idsIn(shard).filter((id) => id === tokenizer.endOfText)).toHaveLength(texts.length);
  });

  test('is found again without a byte of the source, and made anew for a changed file or after damage', async () => {
    const second = await open();
    const ids = idsIn(await wholeTokens(second.source, tokenizer, work));
    expect(second.read()).toBe(0);
    const [name] = await readdir(cache);
    const damages = [
      () => truncateSync(join(cache, name!, 'ids'), 1000),
      () => writeFileSync(join(cache, name!, 'documents'), new Uint8Array(12 * articles.length)),
      () => writeFileSync(join(cache, name!, 'meta'), '{"version":1'),
      () => {
        const bytes = new Uint8Array(2 * ids.length);
        writeFileSync(join(cache, name!, 'ids'), bytes);
      },
    ];
    for (const damage of damages) {
      damage();
      const { source, read } = await open();
      expect(idsIn(await wholeTokens(source, tokenizer, work))).toEqual(ids);
      expect(read()).toBeGreaterThan(0);
    }
    await utimes(path, new Date(), new Date(Date.now() + 5000));
    const changed = await open();
    await wholeTokens(changed.source, tokenizer, work);
    expect(changed.read()).toBeGreaterThan(0);
    expect(await readdir(cache)).toHaveLength(2);
  });

  test('without room there is one sentence, and nothing stays', async () => {
    const store = memoryFiles(3000);
    const writing = wholeTokens(sourceOf(articles), tokenizer, workIn(store));
    await expect(writing).rejects.toThrow('there is no room for the tokens of mine: 1 MB of them');
    await expect(writing).rejects.toBeInstanceOf(DataError);
  });

  test('cancelling ends the work at the next job', async () => {
    const abort = new AbortController();
    const stopping = {
      ...workIn(memoryFiles()),
      signal: abort.signal,
      onProgress: () => abort.abort(),
    };
    const many = sourceOf(Array.from({ length: 8 }, () => book));
    await expect(wholeTokens(many, tokenizer, stopping)).rejects.toThrow('was cancelled');
  });

  test('special tokens in the text of a .txt file are borders, in a row plain text', async () => {
    const row = memorySource('a.jsonl', new TextEncoder().encode('{"text":"one<|endoftext|>two"}'));
    const shard = await wholeTokens(await fileDocuments('a', [row]), tokenizer, workIn(memoryFiles()));
    expect(shard.documents).toBe(1);
    expect(tokenizer.decode(idsIn(shard).slice(1))).toBe('one<|endoftext|>two');
  });
});
