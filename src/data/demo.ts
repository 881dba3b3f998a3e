/**
 * The bundled text: State of the Union addresses, Moby-Dick and World Factbook prose, kept as the token ids of the
 * demo tokenizer (little-endian, 16 bits), whole documents held out. `scripts/build-demo-data.ts` makes the files.
 */
import { DataError } from '../errors';
import { streamOf, type Ids, type TokenStream } from './corpus';
import { loadTokenizer } from './tokenizer';
import type { Folder, Tokenizer } from './tokens';

export const DEMO_SPLITS = ['train', 'validation', 'test'] as const;
export type DemoSplit = (typeof DEMO_SPLITS)[number];

async function readWhole(files: Folder, name: string): Promise<Uint8Array> {
  const source = await files.open(name);
  if (!source)
    throw new DataError(`the demo lacks ${name}`, 'Run npm run build:demo, or install Decant again.');
  return source.read(0, source.size);
}

/** The ids of one split as the bundle has them; `files` is `public/demo`. */
export async function readDemoIds(files: Folder, split: DemoSplit): Promise<Uint16Array> {
  const bytes = await readWhole(files, `text/${split}.bin`);
  if (bytes.length === 0 || bytes.length % 2 !== 0) {
    throw new DataError(
      `text/${split}.bin of the demo has ${bytes.length} bytes, expected an even number`,
      'Fetch the project again.',
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true));
}

/** The tokenizer that the bundled ids belong to; `files` is `public/demo/teacher`. */
export async function loadDemoTokenizer(files: Folder): Promise<Tokenizer> {
  const text = async (name: string) => new TextDecoder().decode(await readWhole(files, name));
  const config = JSON.parse(await text('config.json')) as { vocab_size: number };
  const own = {
    tokenizerJson: await text('tokenizer.json'),
    tokenizerConfig: await text('tokenizer_config.json'),
  };
  return loadTokenizer(own, config.vocab_size);
}

/** A split's documents as text, one after the other. */
export function* decodeDocuments(stream: TokenStream<Ids>, tokenizer: Tokenizer): Generator<string> {
  const { ids, documentStarts, documents } = stream;
  for (let i = 0; i < documents; i++)
    yield tokenizer.decode(ids.subarray(documentStarts[i]! + 1, documentStarts[i + 1] ?? ids.length));
}

/** A stream in another vocabulary, by way of its text, of which one document is there at a time. */
function translate(
  stream: TokenStream<Ids>,
  from: Tokenizer,
  to: Tokenizer,
  onProgress?: (share: number) => void,
): TokenStream<Ids> {
  const Ids = to.vocabSize <= 0x10000 ? Uint16Array : Uint32Array;
  let ids = new Ids(stream.ids.length);
  const documentStarts: number[] = [];
  let length = 0;
  for (const text of decodeDocuments(stream, from)) {
    const own = to.encode(text);
    if (length + 1 + own.length > ids.length) {
      const larger = new Ids(2 * (length + 1 + own.length));
      larger.set(ids);
      ids = larger;
    }
    documentStarts.push(length);
    ids[length] = to.endOfText;
    ids.set(own, length + 1);
    length += 1 + own.length;
    if (documentStarts.length % 64 === 0) onProgress?.(documentStarts.length / stream.documents);
  }
  return { ids: ids.slice(0, length), documentStarts, documents: stream.documents };
}

/**
 * One split of the demo text (`files` is `public/demo`) for a tokenizer: the bundled ids when it is the demo's own vocabulary, the text encoded
 * again (seconds) when it is another's.
 */
export async function loadDemoStream(
  files: Folder,
  split: DemoSplit,
  tokenizer: Tokenizer,
  demoTokenizer: Tokenizer,
  onProgress?: (share: number) => void,
): Promise<TokenStream<Ids>> {
  const ids = await readDemoIds(files, split);
  if (ids[0] !== demoTokenizer.endOfText) {
    throw new DataError(
      `text/${split}.bin does not start with an end-of-text token`,
      'Fetch the project again.',
    );
  }
  const stream = streamOf(ids, demoTokenizer.endOfText);
  if (tokenizer.fingerprint === demoTokenizer.fingerprint) return stream;
  return translate(stream, demoTokenizer, tokenizer, onProgress);
}
