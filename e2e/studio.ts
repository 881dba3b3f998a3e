/** What the stories have in common: opening the page, small recipes, files dropped on it. */
import { expect, type Locator, type Page, type TestInfo } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

/** Software WebGPU trains a few GFLOP/s: two layers, short windows, few scored tokens. */
export const SMALL_RECIPE = {
  version: 1,
  seed: 1,
  teacher: { model: 'demo' },
  selection: { strategy: 'uniform', keep: 2 },
  data: { train: 'demo', validation: 'demo', contextLength: 32 },
  stages: [{ method: 'vanilla-kd', steps: 8, batchSize: 2 }],
  evaluation: { every: 4, window: 32, stride: 32, maxTokens: 256, prompt: 'The people of' },
};

export interface Opening {
  /** The recipe that the browser remembers from an earlier visit; null: a first visit. */
  recipe?: object | null;
  hubUrl?: string;
  place?: 'compose' | 'run' | 'compare';
}

/** Opens the page as after an earlier visit. Errors of the page fail the test at its end. */
export async function openPage(
  page: Page,
  { recipe = SMALL_RECIPE, hubUrl, place = 'compose' }: Opening = {},
) {
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  if (recipe !== null) {
    await page.addInitScript(
      (state) => {
        // Not on a reload: what the page itself remembers by then counts.
        if (!localStorage.getItem('decant'))
          localStorage.setItem('decant', JSON.stringify({ state, version: 1 }));
      },
      { recipe, hubUrl },
    );
  }
  await page.goto(`/#${place}`);
  return failures;
}

/** The teacher is loaded and the text is tokenised: Run can be pressed. */
export async function expectReady(page: Page): Promise<void> {
  await expect(runButton(page)).toBeEnabled();
}

export function runButton(page: Page): Locator {
  return page.getByRole('region', { name: 'Summary and start' }).getByRole('button', { name: /^Run/ });
}

/** The loaded teacher is the one with these layers and width: `12 × 96` is the demo's, `12 × 32` the tiny one's. */
export async function expectTeacher(page: Page, size: string): Promise<void> {
  await expect(page.getByRole('region', { name: 'Layer board' }).getByText(` · ${size} · `)).toBeVisible();
}

/** Waits for the end of the run that is shown. */
export async function expectFinished(page: Page): Promise<void> {
  await expect(page.getByRole('region', { name: 'Progress' })).toContainText('Finished', {
    timeout: 150_000,
  });
}

/** Drops files or a folder on the middle of the page: a real drop of the browser, from paths on the disk. */
export async function drop(page: Page, paths: readonly string[]): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, x: 700, y: 400, data });
  }
  await client.detach();
}

/** Puts files into a fresh folder of the test's own and gives its path. */
export function folderOf(info: TestInfo, files: Readonly<Record<string, Uint8Array>>): string {
  const folder = info.outputPath('checkpoint');
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}
