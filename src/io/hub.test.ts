import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startHubServer, type HubServer } from '../../e2e/hubServer.mjs';
import { CancelledError, SourceError } from '../errors';
import { openCheckpoint } from './checkpoint';
import { hubFileSet, type HubOptions, type HubProgress } from './hub';
import { folderFileSet } from './source.node';
import { memoryStore } from './storage';

// Waits are what the tests would spend their time on; the order of things is the same without them.
const patience = { retries: 3, delayMs: 1, stallMs: 400 };
const FOLDER = 'fixtures/gpt2-tiny';

let server: HubServer;
beforeEach(async () => {
  server = await startHubServer({
    repos: { 'tiny/gpt2': FOLDER, 'tiny/sharded': 'fixtures/gpt2-tiny-sharded' },
  });
});
afterEach(() => server.close());

const open = (options: Partial<HubOptions> = {}) =>
  hubFileSet({ repo: 'tiny/gpt2', hubUrl: server.url, patience, ...options });

const fileRequests = () => server.state.requests.filter(({ path }) => !path.startsWith('/api/'));
const local = async (name: string) => (await openCheckpoint(await folderFileSet(FOLDER))).readRaw(name);

async function rejection(promise: Promise<unknown>): Promise<Error & { hint?: string }> {
  return promise.then(
    () => {
      throw new Error('it was expected to fail');
    },
    (error: Error) => error,
  );
}

describe('reading from the Hub', () => {
  test('a repository reads like the folder it was made from, across redirects', async () => {
    const checkpoint = await openCheckpoint(await open());
    for (const name of ['wte.weight', 'h.5.attn.c_attn.bias', 'ln_f.bias'])
      expect((await checkpoint.readRaw(name)).bytes).toEqual((await local(name)).bytes);
    expect(fileRequests().some(({ path }) => path.startsWith('/cdn/'))).toBe(true);
  });

  test('only header and asked tensors are fetched, one request each', async () => {
    const checkpoint = await openCheckpoint(await open());
    const before = server.state.bytesSent;
    server.state.requests.length = 0;
    await checkpoint.readRaw('h.3.mlp.c_fc.weight');
    expect(server.state.bytesSent - before).toBe(32 * 128 * 4);
    // The Hub's own address, then where it redirects to.
    expect(fileRequests()).toHaveLength(2);
    expect(before).toBe(8 + 13952 + (await (await folderFileSet(FOLDER)).open('config.json'))!.size);
  });

  test('shards are found through their index', async () => {
    const checkpoint = await openCheckpoint(await open({ repo: 'tiny/sharded' }));
    expect((await checkpoint.readRaw('h.11.ln_2.bias')).bytes).toEqual((await local('h.11.ln_2.bias')).bytes);
  });

  test('a listing of several pages is read to its end', async () => {
    await server.close();
    server = await startHubServer({ repos: { 'tiny/gpt2': 'fixtures/gpt2-tiny-sharded' }, pageSize: 1 });
    expect(await (await open()).list()).toHaveLength(4);
  });

  test('progress counts the bytes asked for, handed out and downloaded', async () => {
    const seen: HubProgress[] = [];
    const checkpoint = await openCheckpoint(await open({ onProgress: (progress) => seen.push(progress) }));
    await checkpoint.readRaw('wte.weight');
    const last = seen.at(-1)!;
    expect(last.doneBytes).toBe(server.state.bytesSent);
    expect(last.downloadedBytes).toBe(last.doneBytes);
    expect(last.askedBytes).toBe(last.doneBytes);
    expect(last.file).toBe('model.safetensors');
  });
});

describe('what was fetched is kept', () => {
  test('a second load asks for no file', async () => {
    const cache = memoryStore();
    const first = await (await openCheckpoint(await open({ cache }))).readRaw('wte.weight');
    server.state.requests.length = 0;
    const second = await (await openCheckpoint(await open({ cache }))).readRaw('wte.weight');
    expect(second.bytes).toEqual(first.bytes);
    expect(fileRequests()).toEqual([]);
  });

  test('a second load of other layers fetches only those', async () => {
    const cache = memoryStore();
    await (await openCheckpoint(await open({ cache }))).readRaw('wte.weight');
    const checkpoint = await openCheckpoint(await open({ cache }));
    const before = server.state.bytesSent;
    await checkpoint.readRaw('wte.weight');
    await checkpoint.readRaw('wpe.weight');
    expect(server.state.bytesSent - before).toBe(128 * 32 * 4);
  });

  test('without a network the kept copy serves, with a warning', async () => {
    const cache = memoryStore();
    await (await openCheckpoint(await open({ cache }))).readRaw('wte.weight');
    const offline = () => Promise.reject(new TypeError('Failed to fetch'));
    const files = await open({ cache, fetch: offline });
    await (await openCheckpoint(files)).readRaw('wte.weight');
    expect(files.warnings).toEqual([
      `${new URL(server.url).host} cannot be reached; this is tiny/gpt2 as it was kept on the last visit.`,
    ]);
  });

  test('a new commit never meets bytes of the old one', async () => {
    const cache = memoryStore();
    const old = await openCheckpoint(await open({ cache }));
    await old.readRaw('wpe.weight');
    server.setRepo('tiny/gpt2', 'fixtures/gpt2-tiny-f16');
    const error = await rejection(old.readRaw('wte.weight'));
    expect(error).toBeInstanceOf(SourceError);
    const fresh = await openCheckpoint(await open({ cache }));
    expect((await fresh.readRaw('wpe.weight')).dtype).toBe('F16');
  });

  test('a revision that is a commit needs no request at all the second time', async () => {
    const cache = memoryStore();
    const { commit } = await open({ cache });
    await openCheckpoint(await open({ cache, revision: commit }));
    server.state.requests.length = 0;
    await openCheckpoint(await open({ cache, revision: commit }));
    expect(server.state.requests).toEqual([]);
  });

  test('a store without room costs a warning, not the load', async () => {
    const cache = { ...memoryStore(), put: () => Promise.reject(new Error('the quota is used up')) };
    const files = await open({ cache });
    await openCheckpoint(files);
    expect(files.warnings).toEqual([
      'The download could not be kept, so the next load repeats it: the quota is used up.',
    ]);
  });
});

describe('bad days', () => {
  test('a cut connection is taken up where it broke', async () => {
    const checkpoint = await openCheckpoint(await open());
    server.state.faults.push({ path: /cdn/, cutAfterBytes: 20_000, times: 2 });
    server.state.requests.length = 0;
    expect((await checkpoint.readRaw('wte.weight')).bytes).toEqual((await local('wte.weight')).bytes);
    const ranges = fileRequests().filter(({ path }) => path.startsWith('/cdn/'));
    expect(ranges).toHaveLength(3);
    const starts = ranges.map(({ range }) => Number(/\d+/.exec(range!)![0]));
    expect(starts[2]! - starts[0]!).toBe(40_000);
  });

  test('a connection that keeps breaking ends with a sentence that says where', async () => {
    const checkpoint = await openCheckpoint(await open());
    server.state.faults.push(
      { path: /cdn/, cutAfterBytes: 1000 },
      { path: /cdn/, cutAfterBytes: 0, times: 100 },
    );
    const error = await rejection(checkpoint.readRaw('wte.weight'));
    expect(error).toBeInstanceOf(SourceError);
    const position = 8 + 13952 + 1000;
    expect(error.message).toMatch(
      new RegExp(`^model.safetensors of tiny/gpt2 broke off at byte ${position} of ${8 + 13952 + 65536}: `),
    );
    expect(error.hint).toBe('What has arrived is kept; load it again to go on.');
  });

  test('a server that takes the request and never answers is given up', async () => {
    const silent: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init!.signal!.addEventListener('abort', () => reject(init!.signal!.reason as Error));
      });
    const error = await rejection(open({ fetch: silent, patience: { retries: 1, delayMs: 1, stallMs: 50 } }));
    expect(error.message).toMatch(/cannot be reached: no answer for 0.05 s$/);
  });

  test('a connection that falls silent is dropped and asked again', async () => {
    const checkpoint = await openCheckpoint(await open());
    server.state.faults.push({ path: /cdn/, stallAfterBytes: 1000 });
    expect((await checkpoint.readRaw('wte.weight')).bytes).toEqual((await local('wte.weight')).bytes);
  });

  test('a server that ignores ranges is read all the same', async () => {
    const checkpoint = await openCheckpoint(await open());
    server.state.faults.push({ path: /cdn/, ignoreRange: true });
    expect((await checkpoint.readRaw('wpe.weight')).bytes).toEqual((await local('wpe.weight')).bytes);
  });

  test('429 is waited for, and named when it does not end', async () => {
    server.state.faults.push({ status: 429, retryAfter: 0, times: 1 });
    await open();
    server.state.faults.push({ status: 429, times: 100 });
    const error = await rejection(open());
    expect(error.message).toMatch(/answered 429 for repository tiny\/gpt2: too many requests$/);
    expect(error.hint).toBe('Wait a few minutes and load it again.');
  });

  test('an unknown repository is 401 on the Hub and 404 on a mirror: one sentence each', async () => {
    const unknown = await rejection(open({ repo: 'no/such' }));
    expect(unknown.message).toMatch(
      /answered 401 for repository no\/such: it does not exist, or it is private/,
    );
    server.state.unknownRepo = 404;
    expect((await rejection(open({ repo: 'no/such' }))).message).toMatch(
      /answered 404: there is no repository no\/such$/,
    );
    expect((await rejection(open({ revision: 'v9' }))).message).toMatch(
      /answered 404: there is no repository tiny\/gpt2 at revision v9$/,
    );
  });

  test('an unreachable server is named', async () => {
    const error = await rejection(open({ hubUrl: 'http://127.0.0.1:9' }));
    expect(error).toBeInstanceOf(SourceError);
    expect(error.message).toMatch(/^127\.0\.0\.1:9 cannot be reached/);
  });

  test('a listing that stops in its middle is given up, and can be cancelled', async () => {
    const half: typeof fetch = (_, init) => {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('[{'));
          init!.signal!.addEventListener('abort', () => controller.error(init!.signal!.reason));
        },
      });
      return Promise.resolve(new Response(body));
    };
    const quick = { retries: 0, delayMs: 1, stallMs: 50 };
    const error = await rejection(open({ fetch: half, patience: quick }));
    expect(error.message).toMatch(/cannot be reached: no answer for 0.05 s$/);
    const signal = AbortSignal.timeout(20);
    expect(await rejection(open({ fetch: half, signal }))).toBeInstanceOf(CancelledError);
  });

  test('where nothing can be kept, that is said', async () => {
    expect((await open({ cache: null })).warnings).toEqual([
      'This browser keeps no downloads, so the next load repeats this one.',
    ]);
  });

  test('an address that is no Hub, and names that are none, are refused', async () => {
    const page = () => Promise.resolve(new Response('<html>hello</html>'));
    expect((await rejection(open({ fetch: page }))).message).toMatch(/does not answer like a Hub/);
    expect((await rejection(open({ repo: '../etc' }))).message).toMatch(/is not the name of a repository/);
    expect((await rejection(open({ hubUrl: 'file:///tmp' }))).message).toMatch(/is not the address of a Hub/);
  });

  test('a small file that arrives changed is refused by its hash', async () => {
    const tampering: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      if (!(url instanceof URL) || !url.pathname.endsWith('config.json')) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[bytes.length - 2] = 0x20;
      return new Response(bytes, response);
    };
    const error = await rejection(openCheckpoint(await open({ fetch: tampering })));
    expect(error.message).toMatch(/^config\.json of tiny\/gpt2 arrived damaged/);
  });

  test('cancelling stops the transfer and is told apart from a failure', async () => {
    const controller = new AbortController();
    const checkpoint = await openCheckpoint(await open({ signal: controller.signal }));
    server.state.faults.push({ path: /cdn/, bytesPerSecond: 20_000 });
    setTimeout(() => controller.abort(), 150);
    const error = await rejection(checkpoint.readRaw('wte.weight'));
    expect(error).toBeInstanceOf(CancelledError);
    expect(server.state.bytesSent).toBeLessThan(65536);
  });
});
