/** The command line on data sets of a local Hub, from the program's start to its exit status. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startHubServer, type HubServer } from '../../e2e/hubServer.mjs';
import { hubDataRepos, WIKI_LINES } from '../testing/hubData';
import { BYTE_TOKENIZER, fixtureFolder } from '../testing/tinyPlatform';

const binary = fileURLToPath(new URL('../../bin/decant.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'decant-cli-hub-'));
const inFolder = (name: string) => join(folder, name);
const TOKEN = 'hf_testOnlySecret';

let server: HubServer;
beforeAll(async () => {
  server = await startHubServer({ repos: hubDataRepos() });
  cpSync(fixtureFolder('gpt2-tiny'), inFolder('teacher'), { recursive: true });
  writeFileSync(inFolder('teacher/tokenizer.json'), BYTE_TOKENIZER);
});
afterAll(() => server.close());
beforeEach(() => {
  server.state.tokens = {};
  server.state.requests.length = 0;
});

/** Not in this thread's way: the Hub lives in it. */
function decant(args: string[], environment: Record<string, string> = {}) {
  const env = { ...process.env, XDG_CACHE_HOME: inFolder('cache'), HF_TOKEN: '', ...environment };
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [binary, ...args, '--hub', server.url], { env }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

async function json(args: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await decant([...args, '--json']);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const fileRequests = () => server.state.requests.filter(({ path }) => !path.startsWith('/api/'));

function writeRecipe(name: string, data: object): string {
  const recipe = {
    version: 1,
    teacher: { model: './teacher' },
    selection: { layers: [0, 11] },
    data,
    stages: [{ method: 'fine-tune', steps: 2, batchSize: 2, optimizer: { warmupSteps: 0 } }],
    evaluation: { every: 0, window: 32, stride: 32, maxTokens: 64 },
  };
  writeFileSync(inFolder(name), JSON.stringify(recipe));
  return inFolder(name);
}

test('run learns from a text of the Hub; eval then asks for nothing but the commit', async () => {
  const train = { source: 'hf:some/texts:train', column: 'body', fraction: 0.5 };
  const validation = 'hf:some/texts:validation:body';
  const recipe = writeRecipe('text.json', { train, validation, contextLength: 16 });
  const result = await json(['run', recipe, '--out', inFolder('text'), '--device', 'wasm']);
  expect(result).toMatchObject({ steps: 2, perplexityAfter: expect.any(Number) as number });
  expect(fileRequests().length).toBeGreaterThan(0);
  server.state.requests.length = 0;
  const report = await json(['eval', inFolder('teacher'), '--text', validation, '--device', 'wasm']);
  expect(report.perplexity).toBeGreaterThan(1);
  expect(server.state.requests.map(({ path }) => path)).toEqual(['/api/datasets/some/texts/revision/main']);
});

test('run fine-tunes on a task of the Hub, with the token from the environment, which it writes nowhere', async () => {
  server.state.tokens['datasets/nyu-mll/glue'] = TOKEN;
  const source = (split: string) => `hf:nyu-mll/glue/sst2:${split}`;
  const recipe = writeRecipe('task.json', {
    ...{ kind: 'task', task: 'glue/sst2', maxLength: 32 },
    ...{ train: source('train'), validation: source('validation') },
  });
  const args = ['run', recipe, '--out', inFolder('task'), '--device', 'wasm', '--json'];
  const refused = await decant(args);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(
    /answered 401 for data set nyu-mll\/glue: it does not exist, or it is private or gated/,
  );
  const { status, stdout, stderr } = await decant(args, { HF_TOKEN: TOKEN });
  expect(status, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ metrics: { accuracy: expect.any(Number) as number } });
  const written = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  expect([stdout, stderr, ...written].some((text) => text.includes(TOKEN))).toBe(false);
});

test('dataset lists what there is, and what a part would cost', async () => {
  const card = await json(['dataset', 'hf:some/texts:train:body', '--fraction', '0.2']);
  expect(card).toMatchObject({
    repo: 'some/texts',
    configs: [{ name: 'default', splits: [{ name: 'train', files: 2 }, { name: 'validation' }] }],
    part: { rows: 60, share: 0.2, columns: [{ name: 'body', type: 'text' }, { name: 'source' }] },
  });
  const lines = await json(['dataset', 'hf:Salesforce/wikitext/wikitext-2-raw-v1:validation']);
  expect(lines).toMatchObject({ join: '', part: { rows: 21 } });
  const { stdout } = await decant(['dataset', 'hf:nyu-mll/glue']);
  expect(stdout).toMatch(/^ {2}sst2: train, 1 file, 0\.0 MB$/m);
});

test('eval reads the lines of WikiText as one text', async () => {
  const measure = (source: string) =>
    json(['eval', inFolder('teacher'), '--text', source, '--window', '64', '--device', 'wasm']);
  writeFileSync(inFolder('wiki.test.raw'), WIKI_LINES.slice(0, 21).join(''));
  const { perplexity, tokens } = await measure(inFolder('wiki.test.raw'));
  const source = 'hf:Salesforce/wikitext/wikitext-2-raw-v1:validation';
  expect(await measure(source)).toMatchObject({ perplexity, tokens });
});
