/**
 * Text of any size, from its file to the first training step: megabytes a second and core, the most memory that the
 * process held, and how long a second launch takes to its first step, in which nothing of the source is read.
 *
 *   npm run bench -- data [--megabytes 1000] [--vocabulary gpt2|demo] [--save FILE]
 *
 * The text is generated from the demo's, whose sentences are put together anew, so that no document is there twice.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { streamOf } from '../src/data/corpus';
import { decodeDocuments, loadDemoTokenizer, readDemoIds } from '../src/data/demo';
import { gpt2Tokenizer } from '../src/data/gpt2Vocabulary';
import { fileDocuments } from '../src/data/textFiles';
import { trainingBatches } from '../src/data/batches';
import { remoteEncoder } from '../src/data/tokens/encoders';
import { splitTokens } from '../src/data/tokens/textTokens';
import { folderFiles } from '../src/io/rangeFiles.node';
import { fileSource, folderFileSet } from '../src/io/source.node';
import { randomStream } from '../src/random';
import { startEncoderThreads } from '../src/worker/encoders.node';
import { machine } from './harness';

const option = (name: string) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};

const root = process.cwd();
const demo = join(root, 'public', 'demo');
const demoTokenizer = async () => loadDemoTokenizer(await folderFileSet(join(demo, 'teacher')));

/** Sentences of the demo's training text in new order, `<|endoftext|>` between documents of 1 to 4 kB. */
async function generate(path: string, megabytes: number): Promise<void> {
  const own = await demoTokenizer();
  const files = {
    name: 'demo',
    list: () => Promise.resolve([]),
    open: (name: string) => fileSource(join(demo, name)),
  };
  const stream = streamOf(await readDemoIds(files, 'train'), own.endOfText);
  const sentences = [...decodeDocuments(stream, own)].flatMap((text) => text.split(/(?<=[.!?]\s)/));
  const random = randomStream(1, 'bench text');
  const file = await open(path, 'w');
  try {
    for (let written = 0; written < megabytes * 1e6;) {
      const documents: string[] = [];
      for (let size = 0; size < 4e6;) {
        const wanted = 1000 + random.below(3000);
        let text = '';
        while (text.length < wanted) text += sentences[random.below(sentences.length)]!;
        documents.push(text);
        size += text.length;
      }
      written += (await file.write(`${documents.join('<|endoftext|>')}<|endoftext|>`)).bytesWritten;
    }
  } finally {
    await file.close();
  }
}

interface Launch {
  seconds: number;
  /** To the first batch, that is without the model's own work. */
  firstBatchSeconds: number;
  bytesRead: number;
  tokens: number;
  documents: number;
  processorSeconds: number;
  peakBytes: number;
  batches: number[];
}

/** One launch, in a process of its own so that its memory is its own. */
async function launch(text: string, cache: string, vocabulary: string, result: string): Promise<void> {
  const started = performance.now();
  const tokenizer = vocabulary === 'demo' ? await demoTokenizer() : await gpt2Tokenizer();
  let bytesRead = 0;
  const file = await fileSource(text);
  const counted = {
    ...file,
    read(start: number, end: number) {
      bytesRead += end - start;
      return file.read(start, end);
    },
  };
  let said = performance.now();
  const split = await splitTokens(await fileDocuments('text', [counted]), tokenizer, 128, {
    store: folderFiles(cache),
    startEncoders: async () =>
      (await startEncoderThreads(root)).map((port) => remoteEncoder(port, tokenizer.origin)),
    signal: new AbortController().signal,
    onProgress(done, total) {
      if (performance.now() - said < 10_000) return;
      said = performance.now();
      process.stderr.write(`${(done / 1e6).toFixed(0)} of ${((total ?? 0) / 1e6).toFixed(0)} MB\n`);
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const iterator = trainingBatches(split.train, { batchSize: 8, contextLength: 128, seed: 1 });
  const batches = Array.from({ length: 50 }, () =>
    iterator.next().ids.reduce((sum, id, i) => (sum + id * (i + 1)) % 1e9, 0),
  );
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const report: Launch = {
    seconds,
    firstBatchSeconds: (performance.now() - started) / 1000,
    bytesRead,
    tokens: split.train.ids.length + split.validation.ids.length,
    documents: split.train.documents + split.validation.documents,
    processorSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakBytes: maxRSS * 1024,
    batches,
  };
  writeFileSync(result, JSON.stringify(report));
}

async function inOwnProcess(args: string[], result: string): Promise<Launch> {
  const child = spawn(process.execPath, ['scripts/bench.mjs', 'data', '--launch', ...args, result], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`a launch ended with ${String(status)}`);
  return JSON.parse(readFileSync(result, 'utf8')) as Launch;
}

const rounded = ({ batches: _, ...launch }: Launch) =>
  Object.fromEntries(Object.entries(launch).map(([name, value]) => [name, Math.round(100 * value) / 100]));

async function main(): Promise<void> {
  const at = process.argv.indexOf('--launch');
  if (at >= 0) {
    const [text, cache, vocabulary, result] = process.argv.slice(at + 1);
    return launch(text!, cache!, vocabulary!, result!);
  }
  const megabytes = Number(option('megabytes') ?? 100);
  const vocabulary = option('vocabulary') ?? 'gpt2';
  const work = mkdtempSync(join(tmpdir(), 'decant-data-bench-'));
  try {
    const text = join(work, 'text.txt');
    await generate(text, megabytes);
    const args = [text, join(work, 'tokens'), vocabulary];
    const first = await inOwnProcess(args, join(work, 'first.json'));
    const second = await inOwnProcess(args, join(work, 'second.json'));
    if (second.bytesRead > 0) throw new Error(`the second launch read ${second.bytesRead} bytes of the text`);
    if (second.batches.join() !== first.batches.join())
      throw new Error('the second launch has other batches');
    const bytes = statSync(text).size;
    const found = {
      vocabulary,
      bytes,
      encoders: availableParallelism(),
      megabytesPerProcessorSecond: Math.round(bytes / 1e4 / first.processorSeconds) / 100,
      megabytesPerSecond: Math.round(bytes / 1e4 / first.seconds) / 100,
      first: rounded(first),
      second: rounded(second),
    };
    console.log(JSON.stringify(found, null, 2));
    const file = option('save');
    if (file) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify({ machine: machine('none'), node: found }, null, 2)}\n`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

await main();
