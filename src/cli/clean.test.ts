import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { main } from './main';

const folder = mkdtempSync(join(tmpdir(), 'decant-clean-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

async function run(...args: string[]): Promise<{ status: number; out: string; error: string }> {
  const said = { out: '', error: '' };
  const out = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => ((said.out += String(text)), true));
  const error = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => ((said.error += String(text)), true));
  const status = await main(['clean', ...args]);
  out.mockRestore();
  error.mockRestore();
  return { status, ...said };
}

const ONE = 'The lake froze in January last year.';
const TWO = 'It will be closed from May to August.';

test('a folder is cleaned file by file, duplicates over all of them, and the report stands beside it', async () => {
  mkdirSync(at('in/more'), { recursive: true });
  writeFileSync(at('in/a.txt'), `${ONE}\nRead more\n<|endoftext|>\n+++ 1 +++ 2 +++ 3\n`);
  writeFileSync(at('in/b.jsonl'), `${JSON.stringify({ text: `${ONE} ${TWO}` })}\n`);
  writeFileSync(at('in/more/c.html'), `<nav>Home</nav><p>${TWO}</p><p>One more &amp; only here it is.</p>`);
  writeFileSync(at('in/d.png'), 'no text');
  const { status, out, error } = await run(at('in'), '--out', at('out.txt'), '--json');
  expect([status, error]).toEqual([0, '']);
  expect(readFileSync(at('out.txt'), 'utf8')).toBe(
    [ONE, '<|endoftext|>', TWO, '<|endoftext|>', 'One more & only here it is.', ''].join('\n'),
  );
  const { steps, ...totals } = JSON.parse(out) as { steps: { step: string; samplesOut: number }[] };
  expect(totals).toMatchObject({ documentsIn: 4, documentsOut: 3, samplesIn: 8, samplesOut: 3 });
  expect(steps.map(({ step, samplesOut }) => `${step} ${samplesOut}`)).toEqual([
    'html 7',
    'short 6',
    'symbols 5',
    'duplicates 3',
  ]);
  const report = JSON.parse(readFileSync(at('out.txt.report.json'), 'utf8')) as {
    files: string[];
    steps: { examples: { text: string }[] }[];
  };
  expect(report.files).toEqual(['a.txt', 'b.jsonl', 'c.html']);
  expect(report.steps.flatMap(({ examples }) => examples.map(({ text }) => text))).toEqual([
    'Home',
    'Read more',
    '+++ 1 +++ 2 +++ 3',
    ONE,
    TWO,
  ]);
});

test('its own result stays as it is', async () => {
  const { status } = await run(at('out.txt'), '--out', at('again.jsonl'), '--report', at('again.json'));
  expect(status).toBe(0);
  const rows = readFileSync(at('again.jsonl'), 'utf8').trim().split('\n');
  expect(rows.map((row) => (JSON.parse(row) as { text: string }).text)).toEqual([
    ONE,
    TWO,
    'One more & only here it is.',
  ]);
});

test('--join makes one document of the rows of a file', async () => {
  writeFileSync(at('lines.jsonl'), [ONE, '', TWO].map((text) => JSON.stringify({ text })).join('\n'));
  const { status } = await run(at('lines.jsonl'), '--out', at('lines.txt'), '--join', '\\n');
  expect(status).toBe(0);
  expect(readFileSync(at('lines.txt'), 'utf8')).toBe(`${ONE}\n\n${TWO}\n`);
});

test.each([
  [[at('in/a.txt'), '--out', at('in/a.txt')], 'is one of the files to be cleaned'],
  [
    [at('in/b.jsonl'), '--out', at('x.txt'), '--column', 'body'],
    'b.jsonl, line 1 has no text in the column "body"',
  ],
  [[at('in/d.png'), '--out', at('x.txt')], 'd.png cannot be cleaned'],
  [[at('in/a.txt'), '--out', at('x.txt'), '--max-symbols', '10'], '--max-symbols is "10"'],
  [[at('in/a.txt'), '--out', at('x.txt'), '--duplicates', 'some'], '--duplicates is "some"'],
])('%j is refused with status 2 and one line', async (args, message) => {
  const { status, out, error } = await run(...args);
  expect([status, out]).toEqual([2, '']);
  expect(error).toContain(message);
  expect(error.trim().split('\n')).toHaveLength(1);
});
