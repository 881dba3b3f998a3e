/** Perplexity of a text by its name: the figures of the same text in memory, whatever file it comes from. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeDocuments } from '../data/corpus';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer';
import { textForProtocol } from '../eval/protocol';
import { memoryFiles } from '../io/rangeFiles';
import type { ProtocolFields } from '../recipe/protocols';
import { parquetBytes } from '../testing/parquetFiles';
import { BYTE_TOKENIZER, prose, tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import { nodePlatform } from './platform.node';
import { portPair } from './port';
import { createSession } from './session';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'decant-evaluate-'));
const store = memoryFiles();
let client: Client;
let tokenizer: Tokenizer;
let close: () => void;

beforeAll(async () => {
  tokenizer = await loadTokenizer({ tokenizerJson: BYTE_TOKENIZER }, 512);
  const [ours, theirs] = portPair();
  const { openData } = nodePlatform(root);
  createSession(theirs, tinyPlatform({ openData: openData!, tokens: () => Promise.resolve(store) }));
  client = createClient(ours);
  close = () => [ours, theirs].forEach((end) => end.close());
  await client.request({ type: 'open', device: 'wasm', hubUrl: '' });
});
afterAll(() => {
  close();
  rmSync(folder, { recursive: true });
});

const RAW = { window: 64, stride: 48, text: 'raw', unit: 'token' } as const;
const documents = [
  ' = Title = \n \n It costs 3 @,@ 000 " at least " , said they .\r\n',
  `${prose(30, 1)} <|endoftext|> 😀\n`,
  ` ${prose(25, 2)} . \n`,
];
const rows = documents.flatMap((text) => ['', ...text.split(/(?<=\n)/)]);

const plain = (texts: readonly string[]) => ({ ids: texts.flatMap((text) => tokenizer.encode(text)) });
const separate = (texts: readonly string[]) => ({ ids: Array.from(encodeDocuments(texts, tokenizer).ids) });
const jsonl = (texts: readonly string[]) => texts.map((text) => JSON.stringify({ text })).join('\n');
const full = rows.filter((text) => text.trim() !== '');

const CASES: [string, string | Uint8Array, { join?: string }, () => { ids: number[] }][] = [
  ['one.txt', documents[2]!, {}, () => plain([documents[2]!])],
  ['wiki.test.raw', documents[0]!, {}, () => plain([documents[0]!])],
  [
    'two.txt',
    `${documents[0]!}<|endoftext|>${documents[2]!}`,
    {},
    () => separate([documents[0]!, documents[2]!]),
  ],
  ['rows.jsonl', jsonl(rows), {}, () => separate(full)],
  ['row.jsonl', jsonl([documents[1]!]), {}, () => separate([documents[1]!])],
  ['joined.jsonl', jsonl(rows), { join: '' }, () => plain([rows.join('')])],
  ['guide.jsonl', jsonl(rows), { join: '\n\n' }, () => plain([rows.join('\n\n')])],
  [
    'joined.parquet',
    parquetBytes([{ name: 'text', data: rows, type: 'STRING' }], { rowGroupSize: 2 }),
    { join: '' },
    () => plain([rows.join('')]),
  ],
];

test.each(CASES)(
  '%s gives the figures of its text in memory, by every protocol',
  async (name, content, how, ids) => {
    writeFileSync(join(folder, name), content);
    const source = `file:${join(folder, name)}`;
    const protocols: ProtocolFields[] = [
      RAW,
      { ...RAW, text: 'detokenised' },
      { ...RAW, text: 'detokenised', unit: 'word' },
      { ...RAW, unit: 'word' },
    ];
    for (const protocol of protocols) {
      const found = await client.request({
        type: 'evaluate',
        model: 'demo',
        input: { source, ...how },
        ...protocol,
      });
      const scored = textForProtocol(ids().ids, tokenizer, protocol);
      const bare = { type: 'evaluate', model: 'demo', window: 64, stride: 48 } as const;
      const expected = await client.request({
        ...bare,
        input: { ids: Array.from(scored.ids.slice(0, scored.ids.length)) },
      });
      expect(found.tokens).toBe(expected.tokens);
      expect(found.loss).toBe(expected.loss);
      if (scored.words !== undefined)
        expect(found.words).toBeCloseTo((scored.words * found.tokens) / (scored.ids.length - 1), 9);
    }
  },
);

test('a long evaluation says how far it is, and ends when it is cancelled', async () => {
  const path = join(folder, 'long.txt');
  writeFileSync(path, prose(40_000, 3));
  const abort = new AbortController();
  const seen: number[] = [];
  const evaluating = client.request(
    { type: 'evaluate', model: 'demo', input: { source: `file:${path}` }, ...RAW },
    {
      signal: abort.signal,
      onEvent(event) {
        if (event.type !== 'progress' || event.what !== 'evaluating') return;
        seen.push(event.done / event.total);
        abort.abort();
      },
    },
  );
  await expect(evaluating).rejects.toThrow('cancelled');
  expect(seen[0]).toBeLessThan(1);
});

test('a text of which there is nothing is refused by its name', async () => {
  const input = { source: `file:${join(folder, 'no.txt')}` };
  const missing = client.request({ type: 'evaluate', model: 'demo', input, ...RAW });
  await expect(missing).rejects.toThrow(/there is no file or folder/);
});
