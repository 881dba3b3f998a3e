/**
 * The page from a cold browser, against an empty page from the same server: time to the first paint, to a layer
 * board with the demo teacher on it, to a Run button that can be pressed; what is transferred; and the processor
 * time of the longest task of the main thread meanwhile. Each visit has a fresh profile. Build first: `npm run build`.
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium, type Browser } from 'playwright-core';
import { preview } from 'vite';
import { BROWSER, BROWSER_ARGS } from './browser';
import { report } from './harness';

const ROUNDS = 3;

if (!existsSync('dist/index.html')) throw new Error('there is no build in dist/: run `npm run build` first');

interface Visit {
  paintMs: number;
  boardMs: number;
  runMs: number;
  kilobytes: number;
  longestTaskMs: number;
}

/** Visits `url` with an empty profile; with `studio` it waits for the board and for Run. */
async function visit(browser: Browser, url: string, studio: boolean): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  let bytes = 0;
  page.on('response', (response) => {
    bytes += Number(response.headers()['content-length'] ?? 0);
  });
  await page.addInitScript(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { longTasks: tasks });
    new PerformanceObserver((list) =>
      tasks.push(...list.getEntries().map((entry) => entry.duration)),
    ).observe({
      type: 'longtask',
      buffered: true,
    });
  });
  const start = performance.now();
  await page.goto(url);
  const since = () => performance.now() - start;
  let [boardMs, runMs] = [since(), since()];
  if (studio) {
    await page.getByRole('listbox').first().waitFor({ timeout: 120_000 });
    boardMs = since();
    const run = page.getByRole('region', { name: 'Summary and start' }).getByRole('button', { name: /^Run/ });
    while (!(await run.isEnabled())) await page.waitForTimeout(20);
    runMs = since();
  }
  const [paintMs, longestTaskMs] = await page.evaluate(() => {
    const { longTasks } = globalThis as unknown as { longTasks: number[] };
    const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
    return [paint, Math.max(0, ...longTasks)] as const;
  });
  await context.close();
  return { paintMs, boardMs, runMs, kilobytes: bytes / 1000, longestTaskMs };
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const server = await preview({ preview: { host: '127.0.0.1', port: 0 }, logLevel: 'error' });
const empty = createServer((_, response) =>
  response.end('<!doctype html><title>empty</title><p>empty</p>'),
).listen(0);
const { port } = empty.address() as { port: number };
const browser = await chromium.launch({
  executablePath: BROWSER,
  args: BROWSER_ARGS,
});
const rows: Record<string, string | number>[] = [];
for (const [what, url, studio] of [
  ['empty page', `http://127.0.0.1:${port}/`, false],
  ['studio', server.resolvedUrls!.local[0]!, true],
] as const) {
  const visits: Visit[] = [];
  for (let i = 0; i < ROUNDS; i++) visits.push(await visit(browser, url, studio));
  const of = (name: keyof Visit) => Math.round(median(visits.map((one) => one[name])));
  rows.push({
    page: what,
    'first paint ms': of('paintMs'),
    'board ms': studio ? of('boardMs') : '–',
    'Run ready ms': studio ? of('runMs') : '–',
    'transferred kB': of('kilobytes'),
    'longest task ms': of('longestTaskMs'),
  });
}
report(`Chromium ${browser.version()}`, rows);
await browser.close();
empty.close();
await server.close();
