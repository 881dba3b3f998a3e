/** The page stays free while a run is under way: no task of the main thread takes 50 ms, also at 5,000 steps. */
import { expect, test, type Browser, type Page } from '@playwright/test';
import { expectReady, openPage, runButton, SMALL_RECIPE } from './studio';
import { scriptSession } from './scriptedSession';

const LONG_MS = 50;

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Processor time in microseconds; Chromium gives it for tasks on Linux, macOS and Windows. */
  tdur?: number;
  dur?: number;
  args?: { name?: string };
}

/** Processor times of the page's main-thread tasks while `work` goes on, in ms, longest first. */
async function taskTimes(browser: Browser, page: Page, work: () => Promise<void>): Promise<number[]> {
  await browser.startTracing(page, {
    categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
  });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const mains = traceEvents.filter(
    (event) => event.name === 'thread_name' && event.args?.name === 'CrRendererMain',
  );
  const own = new Set(mains.map((event) => `${event.pid} ${event.tid}`));
  const tasks = traceEvents.filter(
    (event) => event.ph === 'X' && /RunTask$/.test(event.name) && own.has(`${event.pid} ${event.tid}`),
  );
  // A trace without tasks would pass whatever the page does.
  expect(tasks.length).toBeGreaterThan(50);
  expect(tasks.some((task) => (task.tdur ?? 0) > 0)).toBe(true);
  return tasks.map((task) => (task.tdur ?? 0) / 1000).sort((a, b) => b - a);
}

test('while the demo trains, the main thread never works for 50 ms on end', async ({ page, browser }) => {
  await openPage(page, {
    recipe: { ...SMALL_RECIPE, stages: [{ method: 'vanilla-kd', steps: 4000, batchSize: 2 }] },
  });
  await expectReady(page);
  await runButton(page).click();
  await page.goto('/#run');
  const progress = page.getByRole('region', { name: 'Progress' });
  await expect(progress).toContainText(/step [1-9]/);
  // Processor time, not time on the clock: software WebGPU takes every core away from the page.
  const times = await taskTimes(browser, page, () => page.waitForTimeout(8000));
  expect(times[0]).toBeLessThan(LONG_MS);
});

test('with 5,000 steps the charts still draw without a long task, pointed at and zoomed', async ({
  page,
  browser,
}) => {
  await scriptSession(page);
  const failures = await openPage(page, {
    recipe: { ...SMALL_RECIPE, stages: [{ method: 'vanilla-kd', steps: 6000 }] },
  });
  await expectReady(page);
  await runButton(page).click();
  await page.goto('/#run');
  await expect(page.getByRole('region', { name: 'Progress' })).toContainText(/step 5,[0-9]{3} of/);

  const picture = page.getByRole('img', { name: /^Loss, by term/ });
  // Three series, raw and smoothed: at most a thousand points each.
  const points = await picture
    .locator('path.line, path.raw')
    .evaluateAll((paths) => paths.map((path) => path.getAttribute('d')!.match(/[ML]/g)!.length));
  expect(points.length).toBe(6);
  for (const count of points) expect(count).toBeLessThanOrEqual(1000);

  const box = (await picture.boundingBox())!;
  const times = await taskTimes(browser, page, async () => {
    for (let x = 60; x < 360; x += 10) await page.mouse.move(box.x + x, box.y + 120);
    await page.mouse.down();
    await page.mouse.move(box.x + 120, box.y + 120, { steps: 5 });
    await page.mouse.up();
    await page.waitForTimeout(500);
    await page.getByRole('group', { name: /^Loss, by term, chart/ }).press('0');
    await page.waitForTimeout(1000);
  });
  expect(times[0]).toBeLessThan(LONG_MS);
  expect(failures).toEqual([]);
});
