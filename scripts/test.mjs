/**
 * `npm test`: everything that must hold, one step after the other. A failed step does not hide the next one;
 * the last line sums up. A step without single tests (lint, build) counts as one.
 *
 * `npm test -- unit lint` runs the named steps only.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild, ensureDependencies, root } from './common.mjs';
import { findBrowser } from './browser.mjs';

ensureDependencies();
const browser = await findBrowser();
console.log(`Browser: ${browser}`);

const reports = join(root, '.cache', 'reports');
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const env = { ...process.env, CI: 'true', CHROME_PATH: browser };

const bin = (/** @type {string[]} */ ...path) => join(root, 'node_modules', ...path);

/** @typedef {{passed: number, failed: number}} Count */

/** One step; `report` is the JSON file that the runner leaves behind. Each has a quarter of an hour at most. */
function runNode(/** @type {string[]} */ args, /** @type {Record<string, string>} */ more = {}) {
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env, ...more },
    timeout: 900_000,
  });
  return result.status === 0;
}

/** @returns {Count} */
const asOne = (/** @type {boolean} */ ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });

/** @returns {Count} */
function vitest(/** @type {string} */ project) {
  const file = join(reports, `${project}.json`);
  const args = [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const ok = runNode([bin('vitest', 'vitest.mjs'), ...args]);
  if (!existsSync(file)) return asOne(false);
  const report = JSON.parse(readFileSync(file, 'utf8'));
  // A file that cannot be loaded has no tests to fail.
  const broken = report.testResults.filter(
    (/** @type {{status: string, assertionResults: unknown[]}} */ suite) =>
      suite.status === 'failed' && suite.assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + broken;
  return { passed: report.numPassedTests, failed: ok ? failed : Math.max(1, failed) };
}

/** @returns {Count} */
function playwright() {
  const file = join(reports, 'e2e.json');
  const args = [bin('@playwright', 'test', 'cli.js'), 'test', '--reporter=list,json'];
  const ok = runNode(args, { PLAYWRIGHT_JSON_OUTPUT_NAME: file });
  if (!existsSync(file)) return asOne(false);
  const { stats } = JSON.parse(readFileSync(file, 'utf8'));
  return {
    passed: stats.expected + stats.flaky,
    failed: ok ? stats.unexpected : Math.max(1, stats.unexpected),
  };
}

/** @type {Record<string, () => Count>} */
const STEPS = {
  typecheck: () => asOne(runNode([bin('typescript', 'bin', 'tsc'), '--noEmit'])),
  lint: () => asOne(runNode([bin('eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0'])),
  format: () =>
    asOne(runNode([bin('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'])),
  imports: () =>
    asOne(
      runNode([
        bin('dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
        'src',
        '--config',
        '.dependency-cruiser.cjs',
      ]),
    ),
  unit: () => vitest('unit'),
  gpu: () => vitest('gpu'),
  'gpu in Chromium': () => vitest('browser'),
  build: () => asOne(ensureBuild() === 0),
  e2e: playwright,
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(STEPS, name));
if (unknown !== undefined) {
  console.error(`There is no step ${unknown}. Steps: ${Object.keys(STEPS).join(', ')}.`);
  process.exit(2);
}

const total = { passed: 0, failed: 0 };
const lines = [];
for (const [name, step] of Object.entries(STEPS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n== ${name}`);
  const start = Date.now();
  const { passed, failed } = step();
  total.passed += passed;
  total.failed += failed;
  const seconds = Math.round((Date.now() - start) / 1000);
  lines.push(
    `${failed === 0 ? 'ok    ' : 'FAILED'} ${name}: ${passed} passed, ${failed} failed, ${seconds} s`,
  );
}
console.log(`\n${lines.join('\n')}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
