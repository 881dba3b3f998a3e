/** A classifier on the page: a bundled task is looked at and run, then an own file is mapped by hand. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { expectFinished, expectReady, openPage, runButton, SMALL_RECIPE } from './studio';

async function expectClean(page: Page, what: string): Promise<void> {
  await page.waitForTimeout(400);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html.slice(0, 160))]),
    what,
  ).toEqual([]);
}

const REVIEWS = [
  'review,title,stars,mood',
  ...Array.from({ length: 40 }, (_, i) => {
    const mood = ['pos', 'neg', 'pos', '?'][i % 4]!;
    return `"I read ${i} pages, and more",Second helping ${i},${1 + (i % 5)},${mood}`;
  }),
].join('\n');

test('a bundled task is run by its accuracy; an own file is mapped by hand', async ({ page }) => {
  const failures = await openPage(page, {
    recipe: {
      ...SMALL_RECIPE,
      stages: [{ method: 'fine-tune', steps: 4, batchSize: 2 }],
      evaluation: { ...SMALL_RECIPE.evaluation, maxRows: 24 },
    },
  });
  await expectReady(page);
  await page.getByRole('button', { name: 'Change the text' }).click();
  await page.getByRole('menuitem', { name: /^Category, .* bundled$/ }).click();

  const editor = page.getByRole('region', { name: 'Task editor' });
  await expect(editor.getByText('5,600 rows')).toBeVisible();
  await expect(editor.getByRole('img', { name: /^Train: 14\.3 percent animal/ })).toBeVisible();
  const cut = editor.getByRole('img', { name: /^Lengths of the training inputs/ });
  await expect(cut).toHaveAccessibleName(/0\.1 % are cut at 64 tokens\.$/);
  await editor.getByRole('textbox', { name: 'Longest input, tokens' }).fill('16');
  await editor.getByRole('textbox', { name: 'Longest input, tokens' }).press('Enter');
  await expect(cut).toHaveAccessibleName(/ % are cut at 16 tokens\.$/);
  await expect(
    editor.getByRole('img', { name: /^Row 1: an English pirate .*; 24 tokens are cut off$/ }),
  ).toBeVisible();
  await expectClean(page, 'Compose, task editor');

  await editor.getByRole('button', { name: 'Back to the layers' }).click();
  await expect(page.getByText('final layer norm · classifier 7 × 96, new')).toBeVisible();
  await runButton(page).click();
  await page.goto('/#run');
  await expectFinished(page);
  await expect(
    page.getByRole('img', { name: /^Accuracy, %\. student .* by step 4.*majority/ }),
  ).toBeVisible();
  await expect(page.getByRole('region', { name: 'Progress' })).toContainText('Accuracy, best so far');
  await expectClean(page, 'Run of a task');

  await page.goto('/#compose');
  await page.getByRole('button', { name: 'Change the task' }).click();
  await page.getByRole('menuitem', { name: 'Own labelled file …' }).click();
  const file = { name: 'reviews.csv', mimeType: 'text/csv', buffer: Buffer.from(REVIEWS) };
  await page.locator('input[data-picker="rows-train"]').setInputFiles(file);
  await expect(editor.getByText('reviews.csv · 40 rows')).toBeVisible();
  await editor.getByRole('textbox', { name: 'Name of pos' }).fill('good');
  await editor.getByRole('combobox', { name: 'title is used as' }).click();
  await page.getByRole('option', { name: 'Second text' }).click();
  await expect(
    editor.getByText(/10 of 40 rows are left out \(.*the first at line 5 with "\?"\)/),
  ).toBeVisible();
  await expect(editor.getByRole('img', { name: /^Row 1: I read 0 .* separator / })).toBeVisible();
  await expectClean(page, 'Compose, own file');
  await editor.getByRole('button', { name: 'Use this file' }).click();
  await expect(page.getByRole('region', { name: 'Task', exact: true })).toContainText('good');
  await editor.getByRole('button', { name: 'Back to the layers' }).click();
  await expect(page.getByText('final layer norm · classifier 2 × 96, new')).toBeVisible();

  // A method with a teacher: the language model learns the task first.
  await page.getByRole('combobox', { name: 'Method' }).click();
  await page.getByRole('option', { name: /^Vanilla KD/ }).click();
  await expect(page.getByRole('switch', { name: 'Fine-tune the teacher first' })).toBeChecked();
  await expect(runButton(page)).toBeEnabled();
  expect(failures).toEqual([]);
});
