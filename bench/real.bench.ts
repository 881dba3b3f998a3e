/**
 * A checkpoint of GPT-2 small's size (548 MB, random weights), loaded from a local Hub, truncated from 12 to 6 layers
 * and distilled for a few steps of 128 tokens, in Node and on the built page in Chromium: time, bytes read, and what
 * is held in memory beside the tensors. Linux; needs 4 GB and, without a GPU, some ten minutes of a processor.
 *
 *   npm run bench -- real [--steps 3] [--only node|chromium] [--checkpoint DIR] [--save FILE]
 *
 * With --checkpoint the checkpoint is made in DIR, or taken from there, and kept.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startHubServer } from '../e2e/hubServer.mjs';
import { makeCheckpoint, sizeConfig } from '../scripts/make-checkpoint';
import { machine } from './harness';
import { runInChromium } from './real/chromium';
import { runInNode } from './real/node';
import { REPOSITORY, type RealRun } from './real/run';

const option = (name: string) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};

async function main(): Promise<void> {
  const at = process.argv.indexOf('--in-node');
  if (at >= 0) {
    const [hub, steps, file] = process.argv.slice(at + 1);
    await runInNode(hub!, Number(steps), file!);
    // Dawn's threads keep Node alive.
    process.exit(0);
  }
  const steps = Number(option('steps') ?? 3);
  const only = option('only');
  const work = mkdtempSync(join(tmpdir(), 'decant-real-'));
  const checkpoint = option('checkpoint') ?? join(work, 'gpt2');
  try {
    if (!existsSync(join(checkpoint, 'model.safetensors')))
      await makeCheckpoint(checkpoint, sizeConfig('small'));
    const hub = await startHubServer({ repos: { [REPOSITORY]: checkpoint } });
    const runs: RealRun[] = [];
    const counted = async (run: () => Promise<RealRun>) => {
      const before = hub.state.requests.length;
      const result = await run();
      const ranges = hub.state.requests.slice(before).filter(({ path }) => path.startsWith('/cdn/'));
      result.loadedBytes = ranges.reduce((sum, { range }) => sum + lengthOf(range), 0);
      runs.push(result);
    };
    if (only !== 'chromium') await counted(() => inOwnProcess(hub.url, steps, work));
    if (only !== 'node') await counted(() => runInChromium(hub.url, steps, work));
    await hub.close();
    print(runs);
    const file = option('save');
    if (file) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify({ machine: machine('SwiftShader'), runs }, null, 2)}\n`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function lengthOf(range: string | null): number {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  return last === undefined ? 0 : Number(last) - Number(first) + 1;
}

async function inOwnProcess(hub: string, steps: number, work: string): Promise<RealRun> {
  const file = join(work, 'node.json');
  // The server is in this process, so this one must not wait for the other by blocking.
  const child = spawn(
    process.execPath,
    ['scripts/bench.mjs', 'real', '--in-node', hub, String(steps), file],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, XDG_CACHE_HOME: join(work, 'cache') } },
  );
  const status = await new Promise((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`the run in Node ended with ${String(status)}`);
  return JSON.parse(readFileSync(file, 'utf8')) as RealRun;
}

const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;

function print(runs: readonly RealRun[]): void {
  for (const run of runs) {
    console.log(`\n${run.where}`);
    console.table({
      'load s': run.loadSeconds.toFixed(1),
      'read MB': megabytes(run.loadedBytes),
      ...Object.fromEntries(
        Object.entries(run.loadBesideBytes).map(([name, bytes]) => [`load, ${name} MB`, megabytes(bytes)]),
      ),
      'truncate s': run.truncateSeconds.toFixed(2),
      ...Object.fromEntries(
        run.steps.map(({ loss, processorSeconds }, i) => [
          `step ${i + 1}`,
          `loss ${loss.toFixed(4)}, ${processorSeconds.toFixed(0)} s CPU`,
        ]),
      ),
    });
  }
}

await main();
