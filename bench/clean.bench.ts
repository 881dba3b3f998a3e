/**
 * The cleaner: MB/s of processor time on plain prose (the demo's addresses), with and without its dearer parts, and on the
 * same prose as pages. The baseline is what any cleaner of sentences needs: V8's decoder and `Intl.Segmenter` over the same
 * lines; the segmenter alone takes time by the square of a line's length, which the cleaner's windows avoid. Then the
 * command on a file of `--megabytes` (default 64; every sentence is a new one, so that the set of hashes
 * grows as far as it can): its speed from disk to disk and the most memory it held.
 *
 *   npm run bench -- clean [--megabytes N] [--save FILE]
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleaner } from '../src/data/cleaning/cleaner';
import { cleanFile, type FileKind } from '../src/data/cleaning/documents';
import { PAPER_CLEANING, type CleaningSettings } from '../src/recipe/cleaning';
import { Written } from '../src/data/cleaning/written';
import { report, time, verify } from './harness';

const CHUNK = 1 << 16;
const at = process.argv.indexOf('--megabytes');
const megabytes = at < 0 ? 64 : Number(process.argv[at + 1]);

const source = join('node_modules', '@stdlib', 'datasets-sotu', 'data');
const addresses = readdirSync(source)
  .filter((name) => name.endsWith('.txt'))
  .sort()
  .map((name) => readFileSync(join(source, name), 'utf8'));
const prose = addresses.join('\n<|endoftext|>\n');
const page = `<!doctype html><html><body><main>${addresses
  .map((text) => text.replaceAll('&', '&amp;').replace(/^.+$/gm, '<p class="t">$&</p>'))
  .join('')}</main></body></html>`;

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += CHUNK) yield bytes.subarray(i, i + CHUNK);
}

async function clean(bytes: Uint8Array, kind: FileKind, change: Partial<CleaningSettings> = {}) {
  const written = new Written('text');
  const cleaner = new Cleaner({ ...PAPER_CLEANING, ...change }, written);
  let characters = 0;
  for await (const _ of cleanFile(
    cleaner,
    { name: 'bench', kind, chunks: chunksOf(bytes) },
    { column: 'text' },
  )) {
    characters += written.take().length;
  }
  return { ...cleaner.report(), characters };
}

async function baseline(bytes: Uint8Array): Promise<number> {
  const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let waiting = '';
  let sentences = 0;
  for await (const chunk of chunksOf(bytes)) {
    const lines = (waiting + decoder.decode(chunk, { stream: true })).split('\n');
    waiting = lines.pop()!;
    for (const line of lines) for (const _ of segmenter.segment(line)) sentences++;
  }
  return sentences;
}

/** Runs the command on a file of new sentences. Peak memory as Linux counts it, resident pages of the whole process. */
async function command(): Promise<Record<string, string | number>> {
  const folder = mkdtempSync(join(tmpdir(), 'decant-bench-'));
  try {
    const file = join(folder, 'in.txt');
    const out = openSync(file, 'w');
    for (let round = 0, size = 0; size < megabytes * 1e6; round++) {
      size += writeSync(out, `${prose.replaceAll('. ', ` ${round}. `)}\n<|endoftext|>\n`);
    }
    closeSync(out);
    const start = performance.now();
    const child = spawn('node', ['bin/decant.mjs', 'clean', file, '--out', join(folder, 'out.txt')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    let peak = NaN;
    const look = setInterval(() => {
      const status = `/proc/${child.pid}/status`;
      const seen = existsSync(status) ? /VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8')) : null;
      if (seen) peak = Number(seen[1]) / 1024;
    }, 50);
    const code = await new Promise((resolve) => child.on('exit', resolve));
    clearInterval(look);
    verify('exit status of the command', Number(code), 0, 0);
    const size = statSync(file).size / 1e6;
    return {
      what: `the command, ${Math.round(size)} MB`,
      'MB/s': (size / ((performance.now() - start) / 1000)).toFixed(1),
      'of the baseline': 'wall time',
      'peak MiB': Number.isNaN(peak) ? 'unknown' : Math.round(peak),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const encoder = new TextEncoder();
const [text, html] = [encoder.encode(prose), encoder.encode(page)];
const first = await clean(text, 'text');
verify('addresses left', first.documentsOut, addresses.length, 0);
const again = await clean(html, 'page');
verify('samples of pages and text', again.samplesOut, first.samplesOut, 0.02);

const CASES: [string, Uint8Array, () => Promise<unknown>][] = [
  ['baseline: decode, segment', text, () => baseline(text)],
  ["plain text, the paper's steps", text, () => clean(text, 'text')],
  [
    'plain text, lines, no duplicates',
    text,
    () => clean(text, 'text', { sentences: false, duplicates: 'off' }),
  ],
  ['plain text, near duplicates', text, () => clean(text, 'text', { duplicates: 'near' })],
  ["pages, the paper's steps", html, () => clean(html, 'page')],
];
const rows: Record<string, string | number>[] = [];
let reference = NaN;
for (const [what, bytes, run] of CASES) {
  const { cpuMs, spreadMs } = await time(run, { warmup: 1, repeats: 5 });
  const speed = bytes.length / 1e3 / cpuMs;
  if (Number.isNaN(reference)) reference = speed;
  rows.push({
    what,
    'MB/s': speed.toFixed(1),
    'cpu ms': cpuMs.toFixed(0),
    spread: spreadMs.toFixed(0),
    'of the baseline': (speed / reference).toFixed(2),
  });
}
rows.push(await command());
report('none', rows);
