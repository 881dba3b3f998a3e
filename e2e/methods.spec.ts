/** The method cards: what a setting does is seen before anything is trained, and what a run does while it trains. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { expectFinished, expectReady, openPage, runButton, SMALL_RECIPE } from './studio';

test('a teacher shows what a soft target is, and walks through the methods', async ({ page }) => {
  const failures = await openPage(page);
  await expectReady(page);
  const card = page.getByRole('region', { name: 'Method' });
  const bars = card.getByRole('figure', { name: 'Soft target' }).getByRole('img');
  await expect(bars).toHaveAttribute('aria-label', /the true next token.*rest: teacher/, { timeout: 60_000 });

  // Another temperature redraws the bars without the models, and one button takes it into the recipe.
  const before = await bars.getAttribute('aria-label');
  const slider = card.getByRole('slider', { name: 'Temperature of the picture' });
  await slider.press('End');
  await expect(bars).toHaveAttribute('aria-label', /at T 20/);
  expect(await bars.getAttribute('aria-label')).not.toBe(before);
  await card.getByRole('button', { name: 'Use T 20' }).click();
  await expect(card.getByRole('textbox', { name: 'Temperature', exact: true })).toHaveValue('20');

  // Another token of the text, with the arrow keys.
  const chosen = card.getByRole('listbox', { name: /^Token to predict/ }).locator('[aria-selected=true]');
  const place = await chosen.getAttribute('data-index');
  const shown = await bars.getAttribute('aria-label');
  await chosen.press('ArrowRight');
  await expect(chosen).toHaveAttribute('data-index', String(Number(place) + 1));
  await expect(bars).not.toHaveAttribute('aria-label', shown!, { timeout: 60_000 });

  // Weights add up to 1: one moves the other.
  await card.getByRole('textbox', { name: 'Weight of soft' }).fill('0.8');
  await card.getByRole('textbox', { name: 'Weight of soft' }).press('Enter');
  await expect(card.getByRole('textbox', { name: 'Weight of the hard loss' })).toHaveValue('0.2');
  await card.getByRole('button', { name: 'Reset the weights' }).click();
  await expect(card.getByRole('textbox', { name: 'Weight of soft' })).toHaveValue('0.5');

  // Every method: its card is clean, and shows its idea.
  const pictures: [string, RegExp][] = [
    ['Label smoothing', /^Target in per cent: near from 100 to 90, rest from 0 to 9\.9/],
    ['Self-KD', /^A copy of the truncated student/],
    ['Annealing-KD', /^The factor rises in 10 equal steps/],
    ['RAIL-KD', /^An example: layers of the student/],
    ['MATE-KD', /^10 steps of the generator and 100 of the student in turn/],
  ];
  for (const [name, picture] of pictures) {
    await card.getByRole('combobox', { name: 'Method' }).click();
    const option = page.getByRole('option', { name: new RegExp(`^${name}`) });
    await expect(option).toContainText(/7\d\.\d/);
    await option.click();
    await expect(card.getByRole('img', { name: picture })).toBeVisible();
  }
  const { violations } = await new AxeBuilder({ page }).include('.method-card').analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 120))])).toEqual([]);
  expect(failures).toEqual([]);
});

test('a run of MATE-KD shows what becomes of the text, token under token', async ({ page }) => {
  const settings = { warmupSteps: 2, generatorSteps: 1, studentSteps: 2 };
  const stages = [{ method: 'mate-kd', steps: 8, batchSize: 2, settings }];
  await openPage(page, { recipe: { ...SMALL_RECIPE, stages } });
  await expectReady(page);
  await runButton(page).click();
  const story = page.getByRole('region', { name: 'What the method does' });
  await expect(story.getByText(/KL here .* → /)).toBeVisible({ timeout: 60_000 });
  await expectFinished(page);
  await expect(story.getByRole('img', { name: / became |No token/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Loss, by term' })).toContainText('grey: maximise');
});
