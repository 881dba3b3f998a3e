/**
 * A text of any size through the session in Node, as the command line has it: from the start of the process to the first
 * training step, in a process of its own so that its memory is its own.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { RecipeInput } from '../src/recipe/recipe';
import { createClient } from '../src/worker/client';
import type { Platform } from '../src/worker/platform';
import { nodePlatform } from '../src/worker/platform.node';
import { portPair } from '../src/worker/port';
import { createSession } from '../src/worker/session';

export type Vocabulary = 'gpt2' | 'demo';

export interface Launch {
  /** To the tokens of the text and the models, ready for the first measurement. */
  seconds: number;
  processorSeconds: number;
  /** Of the text. */
  bytesRead: number;
  firstStepSeconds: number;
  firstStepProcessorSeconds: number;
  /** Most that the process held, with its model. */
  peakBytes: number;
  /** Of the first steps; they follow from the order of the batches. */
  losses: number[];
}

/** With the demo's vocabulary its teacher and a student; with GPT-2's a small model that was never trained. */
function recipeFor(text: string, vocabulary: Vocabulary): RecipeInput {
  const own = vocabulary === 'demo';
  const geometry = { n_layer: 2, n_head: 2, n_embd: 64, n_positions: 256, vocab_size: 50257 };
  return {
    version: 1,
    teacher: { model: own ? 'demo' : { config: geometry } },
    selection: own ? { strategy: 'uniform', keep: 2 } : null,
    data: { train: `file:${text}`, validation: `file:${text}`, contextLength: 128 },
    stages: [{ method: own ? 'vanilla-kd' : 'fine-tune', steps: 3, batchSize: 8 }],
    evaluation: { every: 0, maxTokens: 512 },
  };
}

/** The platform with a count of what is read of texts. */
function countingPlatform(root: string): { platform: Platform; bytesRead(): number } {
  const platform = nodePlatform(root);
  let bytesRead = 0;
  const openData: Platform['openData'] = async (path) => {
    const { name, files } = await platform.openData!(path);
    const counted = files.map((file) => ({
      ...file,
      read(start: number, end: number) {
        bytesRead += end - start;
        return file.read(start, end);
      },
    }));
    return { name, files: counted };
  };
  return { platform: { ...platform, openData }, bytesRead: () => bytesRead };
}

/** What the process of a launch does. Tokens are kept where `XDG_CACHE_HOME` says. */
export async function launch(text: string, vocabulary: Vocabulary, result: string): Promise<void> {
  const { platform, bytesRead } = countingPlatform(process.cwd());
  const [ours, theirs] = portPair();
  createSession(theirs, platform);
  const client = createClient(ours);
  const found: Partial<Launch> = { losses: [] };
  client.onEvent((event) => {
    if (event.type !== 'runStarted' && event.type !== 'steps') return;
    const seconds = performance.now() / 1000;
    const { user, system } = process.cpuUsage();
    const processorSeconds = (user + system) / 1e6;
    if (event.type === 'runStarted') {
      Object.assign(found, { seconds, processorSeconds });
      return;
    }
    found.firstStepSeconds ??= seconds;
    found.firstStepProcessorSeconds ??= processorSeconds;
    found.losses!.push(...event.steps.map(({ loss }) => loss));
  });
  await client.request({ type: 'open', device: 'wasm', hubUrl: 'https://huggingface.co' });
  const recipe = recipeFor(text, vocabulary);
  await client.request({ type: 'start', runId: 'bench', recipe, reportEvery: 1, measureTeacher: false });
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  writeFileSync(result, JSON.stringify({ ...found, bytesRead: bytesRead(), peakBytes }));
}

/** Runs `launch` in a process that keeps what it keeps below `cache`. */
export async function launchProcess(
  text: string,
  vocabulary: Vocabulary,
  cache: string,
  result: string,
): Promise<Launch> {
  const child = spawn(process.execPath, ['scripts/bench.mjs', 'data', '--launch', text, vocabulary, result], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, XDG_CACHE_HOME: cache },
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`a launch ended with ${String(status)}`);
  return JSON.parse(readFileSync(result, 'utf8')) as Launch;
}
