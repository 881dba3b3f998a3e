/**
 * The page with a text of any size, in Chromium with software WebGPU: from the choice of the file to the first training
 * step of a student of the demo teacher. A second visit with the same profile finds what the first one kept in the
 * browser's private file system.
 */
import { basename } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { BROWSER, BROWSER_ARGS } from './browser';
import { followTasks, type TaskReport } from './pageTasks';
import { watchProcesses, type Use } from './processes';

const RECIPE = {
  version: 1,
  seed: 1,
  teacher: { model: 'demo' },
  selection: { strategy: 'uniform', keep: 2 },
  data: { train: 'demo', validation: 'demo', contextLength: 128 },
  stages: [{ method: 'vanilla-kd', steps: 6, batchSize: 8 }],
  evaluation: { every: 0, maxTokens: 512 },
};

interface Phase {
  seconds: number;
  use: Use;
}

interface Heap {
  of: string;
  bytes: number;
}

export interface Visit {
  phases: {
    /** From the address to a Run button that can be pressed, with the demo's text. */
    open: Phase;
    /** From the choice of the file to a Run button that can be pressed. */
    text: Phase;
    /** From Run to the first training step. */
    firstStep: Phase;
    /** To the last training step. */
    train: Phase;
  };
  /** What the text's card says. */
  cardText: string;
  /** Sizes and times of the tokens' files, by name. */
  kept: Record<string, string>;
  keptBytes: number;
  quotaBytes: number;
  heaps: Heap[];
  opening: TaskReport;
  afterwards: TaskReport;
}

const keptFiles = (page: Page) =>
  page.evaluate(async () => {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('tokens');
    const kept: Record<string, string> = {};
    let keptBytes = 0;
    for await (const folder of root.values() as AsyncIterable<FileSystemDirectoryHandle>)
      for await (const file of folder.values() as AsyncIterable<FileSystemFileHandle>) {
        const { size, lastModified } = await file.getFile();
        keptBytes += size;
        // Written at every use.
        if (file.name !== 'used.mark') kept[file.name] = `${size} ${lastModified}`;
      }
    const { quota = 0 } = await navigator.storage.estimate();
    return { kept, keptBytes, quotaBytes: quota };
  });

/** Heaps of the page and of each of its workers, as the browser counts them. */
const heapsOf = (page: Page): Promise<Heap[]> =>
  page.evaluate(async () => {
    const { breakdown } = await (
      performance as unknown as {
        measureUserAgentSpecificMemory(): Promise<{
          breakdown: { bytes: number; attribution: { scope: string; url: string }[] }[];
        }>;
      }
    ).measureUserAgentSpecificMemory();
    return breakdown.flatMap(({ bytes, attribution: [whose] }) =>
      whose && bytes > 0 ? [{ of: `${whose.scope} ${whose.url.split('/').at(-1)}`, bytes }] : [],
    );
  });

async function openPage(profile: string): Promise<{ context: BrowserContext; page: Page }> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: BROWSER,
    args: BROWSER_ARGS,
    viewport: { width: 1440, height: 900 },
  });
  const page = context.pages()[0] ?? (await context.newPage());
  await page.addInitScript((recipe) => {
    localStorage.setItem('decant', JSON.stringify({ state: { recipe }, version: 1 }));
  }, RECIPE);
  return { context, page };
}

/** Asks the page ten times a second. */
async function until(page: Page, what: string, minutes: number, holds: () => Promise<boolean>) {
  for (const end = performance.now() + minutes * 60_000; !(await holds());) {
    if (performance.now() > end) throw new Error(`no ${what} after ${minutes} minutes`);
    await page.waitForTimeout(100);
  }
}

/** Opens the page with this profile, gives it the text, trains a few steps, and closes the browser. */
export async function visit(url: string, profile: string, text: string): Promise<Visit> {
  const watch = watchProcesses(profile);
  const { context, page } = await openPage(profile);
  try {
    const run = page.getByRole('region', { name: 'Summary and start' }).getByRole('button', { name: /^Run/ });
    const progress = page.getByRole('region', { name: 'Progress' });
    const card = page.getByRole('region', { name: 'Text', exact: true });
    const shows = async (pattern: RegExp) => pattern.test((await progress.textContent()) ?? '');
    const session = await context.newCDPSession(page);
    let last = performance.now();
    const phase = (): Phase => {
      const seconds = (performance.now() - last) / 1000;
      last = performance.now();
      return { seconds, use: watch.mark() };
    };

    let tasks = followTasks(session);
    await page.goto(`${url}#compose`);
    await until(page, 'teacher and demo text', 5, () => run.isEnabled());
    const open = phase();
    const opening = await tasks.stop();
    tasks = followTasks(session);
    await page.setInputFiles('[data-picker="text"]', text);
    const named = `${basename(text)}Train`;
    await until(
      page,
      'text',
      60,
      async () => ((await card.textContent()) ?? '').includes(named) && (await run.isEnabled()),
    );
    const loaded = phase();
    const cardText = (await card.textContent()) ?? '';
    await run.click();
    await until(page, 'training step', 5, () => shows(/step [1-9]/));
    const firstStep = phase();
    await until(page, 'end of the training', 10, () => shows(/Finished/));
    const phases = { open, text: loaded, firstStep, train: phase() };
    const afterwards = await tasks.stop();
    const stored = await keptFiles(page);
    return { phases, cardText, ...stored, heaps: await heapsOf(page), opening, afterwards };
  } finally {
    watch.stop();
    await context.close();
  }
}

const rounded = (value: number) => Math.round(100 * value) / 100;

/** What a results file says of a visit. */
export function figuresOf({ phases, keptBytes, quotaBytes, heaps, opening, afterwards }: Visit) {
  const each = Object.values(phases);
  const peak = (role: keyof Use) => Math.max(...each.map(({ use }) => use[role].peakBytes));
  const longest = ({ longest: [first], tasks }: TaskReport) => ({
    tasks,
    longestProcessorMs: rounded(first?.processorMs ?? 0),
  });
  const heap = (pattern: RegExp) => heaps.find(({ of }) => pattern.test(of))?.bytes ?? 0;
  return {
    secondsToFirstStep: rounded(phases.open.seconds + phases.text.seconds + phases.firstStep.seconds),
    seconds: Object.fromEntries(
      Object.entries(phases).map(([name, { seconds }]) => [name, rounded(seconds)]),
    ),
    processorSeconds: Object.fromEntries(
      Object.entries(phases).map(([name, { use }]) => [
        name,
        rounded(Object.values(use).reduce((sum, { processorSeconds }) => sum + processorSeconds, 0)),
      ]),
    ),
    peakBytes: { page: peak('page'), gpu: peak('gpu'), browser: peak('browser'), others: peak('others') },
    // The browser's process reads files for the page; the page itself reads what it kept.
    bytesReadForText: { browser: phases.text.use.browser.bytesRead, page: phases.text.use.page.bytesRead },
    // At the end; tfjs's threads share memory with the session.
    heapBytes: { page: heap(/^Window/), session: heap(/ worker-/) },
    mainThread: { opening: longest(opening), afterwards: longest(afterwards) },
    keptBytes,
    quotaBytes,
  };
}
