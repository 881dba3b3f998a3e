import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startHubServer, type HubServer } from '../../e2e/hubServer.mjs';
import { planReading, readTable, streamRows } from '../data/tables';
import { DataError, SourceError } from '../errors';
import { CODECS, parquetBytes } from '../testing/parquetFiles';
import type { HubOptions } from './hub';
import { openHubDataset } from './hubDataset';
import { createGate } from './patience';
import { memoryStore } from './storage';

const patience = { retries: 3, delayMs: 1, stallMs: 400 };
const ROWS = 4000;
const texts = Array.from({ length: ROWS }, (_, i) => `Row ${i} says ${`${(i * 7919) % 1009} `.repeat(20)}`);

/** Shards of two columns of text, one long, and a label; 4 groups each, big enough that a footer is a small part. */
const shard = (part: number, codec: (typeof CODECS)[number] = 'UNCOMPRESSED') => {
  const rows = texts.slice(part * 2000, part * 2000 + 2000);
  return parquetBytes(
    [
      { name: 'text', data: rows, type: 'STRING' },
      { name: 'url', data: rows.map((text) => `https://example.org/${text}`), type: 'STRING' },
      { name: 'label', data: rows.map((_, i) => BigInt(i % 3)), type: 'INT64' },
    ],
    { codec, rowGroupSize: 500 },
  );
};

const utf8 = (text: string) => new TextEncoder().encode(text);
const csv = utf8('text,label\nfirst,0\nsecond,1\n');

let server: HubServer;
beforeEach(async () => {
  server = await startHubServer({
    repos: {
      'datasets/big/texts': {
        'README.md': utf8('# Texts'),
        'data/train-00000-of-00002.parquet': shard(0),
        'data/train-00001-of-00002.parquet': shard(1),
      },
      'datasets/small/csv': { 'train.csv': csv, 'test.csv': csv },
      'datasets/old/script': { 'script.py': utf8('import datasets'), 'raw.txt': utf8('raw') },
      'datasets/old/script@refs/convert/parquet': { 'plain/train/0000.parquet': shard(0, 'SNAPPY') },
      'datasets/no/data': { 'README.md': utf8('# Nothing') },
    },
  });
});
afterEach(() => server.close());

const open = (repo: string, options: Partial<HubOptions> = {}) =>
  openHubDataset({ repo, hubUrl: server.url, patience, ...options });
const fileRequests = () => server.state.requests.filter(({ path }) => !path.startsWith('/api/'));
const rejection = (promise: Promise<unknown>): Promise<Error & { hint?: string }> =>
  promise.then(
    () => expect.unreachable('it was expected to fail'),
    (error: Error) => error,
  );

describe('a data set of the Hub', () => {
  test('reads as its rows, and nothing is fetched but footers and the wanted columns', async () => {
    const files = await (await open('big/texts')).open(undefined, 'train');
    const before = server.state.bytesSent;
    const plan = await planReading(files, { columns: ['label'] });
    expect(plan).toMatchObject({ rows: ROWS, share: 1 });
    expect(server.state.bytesSent - before).toBe(2 * 65536);
    const { rows } = await readTable('big', files, { columns: ['label'] });
    expect(rows.map(({ fields }) => fields.label)).toEqual(texts.map((_, i) => (i % 2000) % 3));
    // The plan's footers, then what was planned: footers again, as nothing is kept here, and the columns.
    const planned = 2 * 65536 + plan.bytes;
    const sent = server.state.bytesSent - before;
    expect(sent).toBeLessThanOrEqual(planned);
    // Groups that lie in a footer's bytes are not read again.
    expect(sent).toBeGreaterThan(0.99 * planned);
    expect(plan.bytes - 2 * 65536).toBeLessThan(0.02 * files.reduce((sum, { size }) => sum + size, 0));
  });

  test('a fraction fetches that part of the row groups, spread over the files, the same for a seed', async () => {
    const files = await (await open('big/texts')).open(undefined, 'train');
    const wanted = { columns: ['text'], fraction: 0.25, seed: 3 };
    const plan = await planReading(files, wanted);
    expect(plan.share).toBe(0.25);
    const before = server.state.bytesSent;
    const { rows } = await readTable('big', files, wanted);
    expect(server.state.bytesSent - before).toBe(plan.bytes);
    expect(rows).toHaveLength(1000);
    const firsts = rows.map(({ fields }) => texts.indexOf(fields.text as string));
    expect(firsts.every((row) => row >= 0)).toBe(true);
    expect(firsts.some((row) => row < 2000) && firsts.some((row) => row >= 2000)).toBe(true);
    expect((await readTable('big', files, wanted)).rows).toEqual(rows);
  });

  test.each(CODECS)('%s comes through redirects as it was written', async (codec) => {
    server.setRepo('datasets/one/file', { 'train.parquet': shard(1, codec) });
    const files = await (await open('one/file')).open(undefined, 'train');
    const { rows } = await readTable('one', files, { columns: ['text'] });
    expect(rows.map(({ fields }) => fields.text)).toEqual(texts.slice(2000));
    expect(fileRequests().some(({ path }) => path.startsWith('/cdn/'))).toBe(true);
  });

  test('a second reading fetches nothing, and one of other columns only those', async () => {
    const cache = memoryStore();
    const read = async (column: string) =>
      readTable('big', await (await open('big/texts', { cache })).open(undefined, 'train'), {
        columns: [column],
      });
    const { rows } = await read('text');
    server.state.requests.length = 0;
    expect((await read('text')).rows).toEqual(rows);
    expect(fileRequests()).toEqual([]);
    // The listing of a commit that is known is not asked for again.
    expect(server.state.requests.map(({ path }) => path)).toEqual(['/api/datasets/big/texts/revision/main']);
    const before = server.state.bytesSent;
    await read('label');
    expect(server.state.bytesSent - before).toBeLessThan(2 * 2000 * 9);
  });

  test('tables that are no Parquet serve where there is none', async () => {
    const dataset = await open('small/csv');
    expect(dataset.configs.map(({ splits }) => splits.map(({ name }) => name))).toEqual([['train', 'test']]);
    const { rows } = await readTable('csv', await dataset.open('default', 'test'));
    expect(rows.map(({ fields }) => fields)).toEqual([
      { text: 'first', label: '0' },
      { text: 'second', label: '1' },
    ]);
  });

  test("a repository with a loading script is read from the Hub's conversion", async () => {
    const dataset = await open('old/script');
    expect(dataset.converted).toBe(true);
    const files = await dataset.open('plain', 'train');
    expect((await readTable('old', files, { columns: ['text'] })).rows).toHaveLength(2000);
    expect(fileRequests().every(({ path }) => !path.includes('/resolve/main/'))).toBe(true);
  });

  test('a mistake in the name is answered with the names there are', async () => {
    const noOwner = await rejection(open('wikitext'));
    expect([noOwner.message, noOwner.hint]).toEqual([
      '"wikitext" is not the name of a data set: it lacks its owner',
      'It is called Salesforce/wikitext now.',
    ]);
    const dataset = await open('small/csv');
    await expect(dataset.open('en', 'train')).rejects.toThrow(
      'small/csv has no config "en"; its configs: "default"',
    );
    await expect(dataset.open(undefined, 'dev')).rejects.toThrow(
      'small/csv has no split "dev" in "default"; its splits: "train", "test"',
    );
    server.setRepo('datasets/two/configs', { 'a/train.csv': csv, 'b/train.csv': csv });
    await expect((await open('two/configs')).open(undefined, 'train')).rejects.toThrow(
      'two/configs has 2 configs: "a", "b"',
    );
    expect(await rejection(open('no/data'))).toBeInstanceOf(DataError);
    expect((await rejection(open('no/such'))).message).toMatch(/answered 401 for data set no\/such: /);
  });
});

describe('bad days', () => {
  const wholeText = async (options: Partial<HubOptions> = {}) => {
    const files = await (await open('big/texts', options)).open(undefined, 'train');
    const { streams } = await streamRows(files, { columns: ['text'] });
    const read: unknown[] = [];
    for (const { batches } of streams)
      for await (const batch of batches) read.push(...batch.map(({ fields }) => fields.text));
    return read;
  };

  test('a cut connection goes on where it broke, with If-Range', async () => {
    server.state.faults.push({ path: /cdn/, cutAfterBytes: 5000, times: 3 });
    expect(await wholeText()).toEqual(texts);
    const resumed = fileRequests().filter(({ ifRange }) => ifRange !== null);
    expect(resumed.length).toBeGreaterThan(0);
    expect(resumed.every(({ ifRange }) => /^"[0-9a-f]{64}"$/.test(ifRange!))).toBe(true);
  });

  test('a browser that is not allowed to send If-Range goes on without it', async () => {
    server.state.faults.push({ path: /cdn/, cutAfterBytes: 5000 });
    const refusing: typeof fetch = (url, init) =>
      new Headers(init?.headers).has('If-Range')
        ? Promise.reject(new TypeError('Failed to fetch'))
        : fetch(url, init);
    expect(await wholeText({ fetch: refusing })).toEqual(texts);
  });

  test('500 and 429 are tried again; the wait that a server asks for is told and kept', async () => {
    server.state.faults.push({ path: /cdn/, status: 500, times: 2 });
    server.state.faults.push({ path: /cdn/, status: 429, retryAfter: 1 });
    const said = new Set<string>();
    const start = performance.now();
    expect(await wholeText({ onProgress: ({ file }) => said.add(file) })).toEqual(texts);
    expect(performance.now() - start).toBeGreaterThan(990);
    expect([...said].some((text) => /^waiting 1 s, as 127\.0\.0\.1:\d+ asks$/.test(text))).toBe(true);
  });

  test('a wait of an hour is left to the user', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    server.state.faults.push({ status: 429, retryAfter: date, times: 100 });
    const error = await rejection(open('big/texts'));
    expect(error.hint).toBe('It asks to wait 60 minutes; load it again then.');
  });

  test('a file that changes meanwhile is not mixed with the old one', async () => {
    const files = await (await open('small/csv')).open(undefined, 'train');
    server.setRepo('datasets/small/csv', { 'train.csv': utf8('text,label\nother,5\n') });
    await expect(files[0]!.read(0, files[0]!.size)).rejects.toBeInstanceOf(SourceError);
  });

  test('paused, nothing more arrives; later it goes on from there', async () => {
    const gate = createGate();
    server.state.faults.push({ path: /cdn/, bytesPerSecond: 400_000, times: 1 });
    let done = 0;
    const reading = wholeText({ gate, onProgress: ({ doneBytes }) => (done = doneBytes) });
    await expect.poll(() => done).toBeGreaterThan(20_000);
    gate.set(true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const paused = done;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(done).toBe(paused);
    gate.set(false);
    expect(await reading).toEqual(texts);
    // What had come before the pause did not come again: the card, the footers and the columns, once.
    const files = await (await open('big/texts')).open(undefined, 'train');
    expect(done).toBe('# Texts'.length + (await planReading(files, { columns: ['text'] })).bytes);
  });
});

describe('a token', () => {
  const token = 'hf_testOnlySecret';

  test('opens what is gated, and is shown to the Hub alone', async () => {
    server.state.tokens['datasets/big/texts'] = token;
    const closed = await rejection(open('big/texts'));
    expect(closed.message).toMatch(
      /answered 401 for data set big\/texts: it does not exist, or it is private or gated$/,
    );
    expect(closed.hint).toMatch(/give an access token/);
    const cache = memoryStore();
    server.state.requests.length = 0;
    const files = await (await open('big/texts', { accessToken: token, cache })).open(undefined, 'train');
    expect((await readTable('big', files, { columns: ['label'] })).rows).toHaveLength(ROWS);
    for (const { path, authorization } of server.state.requests)
      expect([path, authorization]).toEqual([path, path.startsWith('/cdn/') ? null : `Bearer ${token}`]);
    expect(server.state.requests.some(({ path }) => path.startsWith('/cdn/'))).toBe(true);
  });

  test('stands in no error, also when it is none', async () => {
    for (const bad of [`${token}\nX: 1`, `${token} `, 'tökén']) {
      const error = await rejection(open('big/texts', { accessToken: bad }));
      expect(`${error.message} ${error.hint}`).not.toContain('hf_');
      expect(error.message).toBe('the access token holds spaces or other signs that none has');
    }
    server.state.tokens['datasets/big/texts'] = 'another';
    const refused = await rejection(open('big/texts', { accessToken: token }));
    expect(JSON.stringify([refused.message, refused.hint, refused.stack])).not.toContain(token);
  });
});
