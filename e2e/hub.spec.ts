/**
 * A model from the Hub, in a real browser: redirects across origins, ranges, OPFS in a worker. The page is a bare one
 * with the application's headers, since all of it happens in the worker.
 */
import { expect, test, type Page } from '@playwright/test';
import { build } from 'esbuild';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { HubAnswer, HubQuestion } from './hubWorker';
import { startHubServer, type HubServer } from './hubServer.mjs';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const TENSORS = ['wte.weight', 'h.7.mlp.c_proj.weight', 'ln_f.bias'];
const BYTES = (512 * 32 + 128 * 32 + 32) * 4;

// A real server, not an intercepted request: of those the browser does not know that they are local, and forbids
// such a page to reach local addresses.
const pages = createServer((_, response) => {
  response.writeHead(200, {
    'Content-Type': 'text/html',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  });
  response.end('<!doctype html><link rel="icon" href="data:,"><title>bare</title>');
});

let server: HubServer;
let worker: string;

test.beforeAll(async () => {
  const built = await build({
    entryPoints: [here('hubWorker.ts')],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    // Its package.json leads browsers there in a field that esbuild reads only beside `main`, not `exports`.
    alias: { '@huggingface/hub': here('../node_modules/@huggingface/hub/dist/browser/index.mjs') },
    write: false,
  });
  worker = built.outputFiles[0]!.text;
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
});

test.afterAll(() => new Promise((resolve) => pages.close(resolve)));

test.beforeEach(async ({ page }) => {
  server = await startHubServer({ repos: { 'tiny/gpt2': here('../fixtures/gpt2-tiny') } });
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
});

test.afterEach(() => server.close());

/** Asks a fresh worker, as a fresh visit would. */
const ask = (page: Page, question: Partial<HubQuestion> = {}): Promise<HubAnswer> =>
  page.evaluate(
    ({ code, message }) =>
      new Promise<HubAnswer>((resolve, reject) => {
        const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = (event) => {
          worker.terminate();
          resolve(event.data as HubAnswer);
        };
        worker.postMessage(message);
      }),
    { code: worker, message: { hubUrl: server.url, repo: 'tiny/gpt2', tensors: TENSORS, ...question } },
  );

test('a second load from the Hub downloads nothing, also without a network', async ({ page }) => {
  const first = await ask(page);
  expect(first.error).toBeUndefined();
  expect(first.warnings).toEqual([]);
  expect(first.downloadedBytes).toBe(server.state.bytesSent);
  expect(first.downloadedBytes).toBeGreaterThan(BYTES);
  expect(first.storedBytes).toBeGreaterThan(BYTES);

  const before = server.state.bytesSent;
  const second = await ask(page);
  expect(second).toMatchObject({ sum: first.sum, downloadedBytes: 0 });
  expect(server.state.bytesSent).toBe(before);

  await server.close();
  const third = await ask(page);
  expect(third.sum).toBe(first.sum);
  expect(third.warnings[0]).toMatch(
    /cannot be reached; this is tiny\/gpt2 as it was kept on the last visit\.$/,
  );
});

test('a cut connection is taken up again, a slow one can be cancelled', async ({ page }) => {
  server.state.faults.push({ path: /cdn/, cutAfterBytes: 5, times: 2 });
  expect((await ask(page)).error).toBeUndefined();

  server.state.faults.push({ path: /cdn/, bytesPerSecond: 100, times: 100 });
  const stopped = await ask(page, { tensors: ['wpe.weight'], cancelAfterMs: 500 });
  expect(stopped.error).toMatchObject({ name: 'CancelledError' });
  server.state.faults.length = 0;
  expect((await ask(page, { tensors: ['wpe.weight'] })).downloadedBytes).toBe(128 * 32 * 4);
});

test('an unknown repository gets one sentence', async ({ page }) => {
  const { error } = await ask(page, { repo: 'no/such' });
  expect(error).toMatchObject({ name: 'RefusedError' });
  expect(error!.message).toMatch(
    /answered 401 for repository no\/such: it does not exist, or it is private or gated$/,
  );
});
