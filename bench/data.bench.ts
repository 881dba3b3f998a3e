/**
 * Text of any size, from its file to the first training step, in Node and through the page in Chromium: megabytes a
 * second and core, the most memory that is held, whether the page's main thread stays free, and how long a second launch
 * takes, in which nothing of the source is read.
 *
 *   npm run bench -- data [--megabytes 1000] [--in node|page] [--vocabulary gpt2|demo] [--save FILE]
 *
 * The vocabulary is Node's; the page has the demo's. The text is generated from the demo's, whose sentences are put
 * together anew, so that no document is there twice.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { servePage } from './browser';
import { launch, launchProcess, type Launch, type Vocabulary } from './dataNode';
import { figuresOf, visit } from './dataPage';
import { generateText } from './dataText';
import { machine } from './harness';

const option = (name: string) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};

const rounded = ({ losses: _, ...figures }: Launch) =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(100 * value) / 100]));

async function inNode(text: string, vocabulary: Vocabulary, work: string): Promise<object> {
  const launched = (name: string) => launchProcess(text, vocabulary, work, join(work, `${name}.json`));
  const first = await launched('first');
  const second = await launched('second');
  if (second.bytesRead > 0) throw new Error(`the second launch read ${second.bytesRead} bytes of the text`);
  if (second.losses.join() !== first.losses.join()) throw new Error('the second launch has other losses');
  const bytes = statSync(text).size;
  return {
    machine: machine('wasm'),
    vocabulary,
    bytes,
    encoders: availableParallelism(),
    megabytesPerProcessorSecond: Math.round(bytes / 1e4 / first.processorSeconds) / 100,
    megabytesPerSecond: Math.round(bytes / 1e4 / first.seconds) / 100,
    first: rounded(first),
    second: rounded(second),
  };
}

const PORT = 4291;

async function inPage(text: string, work: string): Promise<object> {
  const server = await servePage(PORT);
  try {
    const first = await visit(server.url, work, text);
    const second = await visit(server.url, work, text);
    if (JSON.stringify(second.kept) !== JSON.stringify(first.kept))
      throw new Error('the second visit encoded the text again');
    if (second.cardText !== first.cardText) throw new Error('the second visit has other tokens');
    const bytes = statSync(text).size;
    return {
      machine: machine('Chromium'),
      vocabulary: 'demo',
      bytes,
      first: figuresOf(first),
      second: figuresOf(second),
    };
  } finally {
    server.close();
  }
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--launch');
  if (at >= 0) {
    const [text, vocabulary, result] = process.argv.slice(at + 1);
    return launch(text!, vocabulary as Vocabulary, result!);
  }
  const vocabulary = option('vocabulary') === 'demo' ? 'demo' : 'gpt2';
  const where = option('in');
  const work = mkdtempSync(join(tmpdir(), 'decant-data-bench-'));
  try {
    const text = join(work, 'text.txt');
    await generateText(text, Number(option('megabytes') ?? 100));
    const found = {
      ...(where !== 'page' && { node: await inNode(text, vocabulary, work) }),
      ...(where !== 'node' && { page: await inPage(text, join(work, 'profile')) }),
    };
    console.log(JSON.stringify(found, null, 2));
    const file = option('save');
    if (!file) return;
    mkdirSync(dirname(file), { recursive: true });
    // The half that was not measured stays.
    const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {};
    writeFileSync(file, `${JSON.stringify({ ...before, ...found }, null, 2)}\n`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

await main();
// Threads of the session keep Node alive.
process.exit();
