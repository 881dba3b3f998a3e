/** Before Run the page says what it will need; too much of it has a way out that is one click away. */
import { expect, test } from '@playwright/test';
import { expectFinished, expectReady, openPage, runButton, SMALL_RECIPE } from './studio';

test('a recipe over the memory it may take is made to fit, undone, and runs', async ({ page }) => {
  // Costs are traced on WebGPU, also where a probe would choose the processor.
  await page.addInitScript(() => {
    const post = Worker.prototype.postMessage as (this: Worker, message: unknown) => void;
    Worker.prototype.postMessage = function (message: unknown) {
      const { type } = message as { type?: string };
      return post.call(this, type === 'open' ? { ...(message as object), device: 'webgpu' } : message);
    };
  });
  const stages = [{ method: 'fine-tune', steps: 2, batchSize: 8 }];
  const evaluation = { every: 0, window: 32, stride: 32, maxTokens: 64 };
  const failures = await openPage(page, { recipe: { ...SMALL_RECIPE, stages, evaluation } });
  await expectReady(page);
  const bar = page.getByRole('region', { name: 'Summary and start' });
  await expect(bar).toContainText('Fits.');
  const megabytes = Number(/Fits\. ([\d.]+) MB of/.exec(await bar.innerText())![1]);
  await expect(bar.getByRole('img', { name: /^Memory by part in MB: .*student .*limit/ })).toBeVisible();

  await bar.getByRole('button', { name: 'this device is taken to have' }).click();
  const field = page.getByLabel('Memory, GB');
  await field.fill(String(megabytes / 1000 - 0.0005));
  await field.press('Enter');
  await page.keyboard.press('Escape');
  await expect(bar).toContainText('Does not fit.');
  await expect(runButton(page)).toBeDisabled();
  await expect(bar.getByRole('button', { name: 'Sweep sets' })).toBeEnabled();

  const wayOut = bar.getByRole('button', { name: /^Batch \d × \d .*the same result/ });
  await wayOut.click();
  await expect(bar).toContainText('Fits.');
  await page.keyboard.press('Control+z');
  await expect(bar).toContainText('Does not fit.');
  await wayOut.click();
  await expect(runButton(page)).toBeEnabled();
  await runButton(page).click();
  await expectFinished(page);
  expect(failures).toEqual([]);
});
