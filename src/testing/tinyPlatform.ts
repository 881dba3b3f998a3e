/**
 * Surroundings for a session in a test: the fixtures' tiny GPT-2 as the demo teacher, with a tokenizer whose tokens
 * are bytes, and a text of a few hundred words.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BYTE_CHARS } from '../data/byteAlphabet';
import { encodeDocuments } from '../data/corpus';
import { byteLevelTokenizerJson } from '../data/gpt2Vocabulary';
import { loadTokenizer } from '../data/tokenizer';
import { installWasm } from '../engine/wasm.node';
import { memoryFileSet, type FileSet } from '../io/source';
import { folderFileSet } from '../io/source.node';
import { randomStream } from '../random';
import type { Platform, SnapshotStore } from '../worker/platform';

export const fixtureFolder = (name = '') =>
  join(fileURLToPath(new URL('../../fixtures', import.meta.url)), name);

const END_OF_TEXT = '<|endoftext|>';

/** Every byte is a token; 256 is end of text. The model's other rows stay unused. */
export const BYTE_TOKENIZER = JSON.stringify(
  byteLevelTokenizerJson(
    Object.fromEntries([...BYTE_CHARS, END_OF_TEXT].map((token, id) => [token, id])),
    '#version: 0.2\n',
  ),
);

const WORDS =
  'the of and to in our that we a for is are this be by have with not on will as which from it'.split(' ');

/** Deterministic prose of `count` words. */
export function prose(count: number, seed: number): string {
  const random = randomStream(seed, 'test prose');
  return Array.from({ length: count }, () => WORDS[random.below(WORDS.length)]!).join(' ');
}

async function demoText(documents: readonly string[]): Promise<Uint8Array> {
  const tokenizer = await loadTokenizer({ tokenizerJson: BYTE_TOKENIZER }, 512);
  return new Uint8Array(Uint16Array.from(encodeDocuments(documents, tokenizer).ids).buffer);
}

/** A folder of the fixtures with the byte tokenizer beside the weights. */
export async function withTokenizer(folder: string): Promise<FileSet> {
  const files = await folderFileSet(fixtureFolder(folder));
  const tokenizer = memoryFileSet(
    'tokenizer',
    new Map([['tokenizer.json', new TextEncoder().encode(BYTE_TOKENIZER)]]),
  );
  return {
    name: 'demo',
    list: async () => [...(await files.list()), 'tokenizer.json'],
    open: (name) => (name === 'tokenizer.json' ? tokenizer.open(name) : files.open(name)),
  };
}

export function tinyPlatform(change: Partial<Platform> = {}): Platform {
  return {
    memoryBytes: undefined,
    wasmPath: installWasm(),
    fetchesAhead: false,
    demoTeacher: () => withTokenizer('gpt2-tiny'),
    async demoTexts() {
      const train = await demoText([prose(120, 1), prose(120, 2)]);
      const validation = await demoText([prose(60, 3)]);
      return memoryFileSet(
        'demo',
        new Map([
          ['text/train.bin', train],
          ['text/validation.bin', validation],
        ]),
      );
    },
    openHub: () => Promise.reject(new Error('no test asks the Hub')),
    openDataset: () => Promise.reject(new Error('no test asks the Hub')),
    openFolder: (path) => folderFileSet(path),
    ...change,
  };
}

/** Keeps the latest snapshot in memory, as a disk would: by value. */
export function memorySnapshots(): SnapshotStore {
  const kept = new Map<string, unknown>();
  return {
    save: async (runId, snapshot) => void kept.set(runId, structuredClone(snapshot)),
    load: async (runId) => (kept.has(runId) ? (structuredClone(kept.get(runId)) as never) : null),
  };
}
