/**
 * The run on the built page, as a user would do it: open it, load the repository from the Hub, wait for the board's
 * measurement, press Run. The events that the worker sends to the page are noted as they come.
 *
 * The browser is started plainly and the page told what to do by its own server: a browser that is driven over its
 * debugging protocol keeps a copy of all that comes over the network, some 200 MB of the page's process.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Event } from '../../src/worker/protocol';
import { peaks, processorMs, proportionalBytes } from './memory';
import { momentOf, recipe, REPOSITORY, type RealRun } from './run';

const BROWSER =
  process.env.CHROME_PATH ??
  ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path)) ??
  'chromium';

const seconds = () => performance.now() / 1000;
const say = (text: string) => void process.stderr.write(`${text}\n`);

interface Process {
  pid: number;
  /** `renderer`, `gpu-process`, `browser`, … */
  kind: string;
}

/** The browser that uses this profile, and all below it. */
function processesOf(profile: string): Process[] {
  const parents = new Map<number, number>();
  const commands = new Map<number, string>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      commands.set(Number(name), readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '));
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').pop()!.split(' ');
      parents.set(Number(name), Number(fields[1]));
    } catch {
      continue; // it ended
    }
  }
  const belongs = (pid: number): boolean => {
    if (commands.get(pid)?.includes(profile)) return true;
    const parent = parents.get(pid);
    return parent !== undefined && parent > 1 && belongs(parent);
  };
  return [...commands]
    .filter(([pid]) => belongs(pid))
    .map(([pid, command]) => ({ pid, kind: /--type=([\w-]+)/.exec(command)?.[1] ?? 'browser' }));
}

/** Resident bytes by kind of process. */
function bytesByKind(processes: readonly Process[]): Record<string, number> {
  const sums: Record<string, number> = { renderer: 0, 'gpu-process': 0, browser: 0 };
  for (const { pid, kind } of processes) if (kind in sums) sums[kind]! += proportionalBytes(pid);
  return sums;
}

/** Runs in the page before anything else: notes what the worker says, and does what it is told to. */
const AUTOPILOT = `
const tell = (event) => fetch('/note', { method: 'POST', body: JSON.stringify(event) });
let longest = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
}).observe({ type: 'longtask', buffered: true });
const wanted = ['progress', 'runState', 'steps', 'eval', 'failed', 'fatal'];
globalThis.Worker = class extends Worker {
  constructor(...options) {
    super(...options);
    this.addEventListener('message', ({ data }) => {
      if (wanted.includes(data.type)) tell(data);
    });
  }
  // The page takes the faster of software WebGPU and wasm; this is about WebGPU.
  postMessage(message, transfer) {
    super.postMessage(message.type === 'open' ? { ...message, device: 'webgpu' } : message, transfer);
  }
};
const one = (selector, text) =>
  [...document.querySelectorAll(selector)].find((element) => text.test(element.ariaLabel ?? element.textContent));
const press = async (selector, text) => {
  const there = () => one(selector, text) && !one(selector, text).disabled;
  while (!there()) await new Promise((resolve) => setTimeout(resolve, 100));
  one(selector, text).click();
};
const load = async (repository) => {
  await press('button', /^Change the teacher/);
  await press('[role=menuitem]', /Hugging Face Hub/);
  await press('label', /^Repository/);
  const field = document.getElementById(one('label', /^Repository/).htmlFor);
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, repository);
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await press('[role=dialog] button', /^Load$/);
};
setInterval(async () => {
  const run = one('[aria-label="Summary and start"] button', /^Run/);
  const answer = await fetch('/command?ready=' + Boolean(run && !run.disabled) + '&longest=' + longest);
  longest = 0;
  const command = await answer.text();
  if (command === 'run') run.click();
  else if (command) load(command);
}, 1000);
`;

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};

/** Serves the built page with the autopilot in it. */
async function servePage(state: object) {
  const site = {
    heard: (_event: Event): void => undefined,
    ready: false,
    /** For the page: `run`, or a repository to load. */
    command: '',
    longestTaskMs: 0,
  };
  const remember = `localStorage.setItem('decant', ${JSON.stringify(JSON.stringify({ state, version: 1 }))});`;
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://page');
    const path = url.pathname === '/' ? '/index.html' : url.pathname;
    if (path === '/note') {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => {
        response.end();
        site.heard(JSON.parse(text) as Event);
      });
      return;
    }
    if (path === '/command') {
      site.ready = url.searchParams.get('ready') === 'true';
      site.longestTaskMs = Math.max(site.longestTaskMs, Number(url.searchParams.get('longest')));
      response.end(site.command);
      site.command = '';
      return;
    }
    const file = join('dist', path);
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, {
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    const content = readFileSync(file);
    if (path !== '/index.html') return void response.end(content);
    response.end(content.toString().replace('<head>', `<head><script>${remember}${AUTOPILOT}</script>`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { site, url: `http://127.0.0.1:${port}/#compose`, close };
}

/** Opens the page in a browser of its own, with a profile on the disk. */
async function visit<T>(
  profile: string,
  state: object,
  use: (site: Awaited<ReturnType<typeof servePage>>['site']) => Promise<T>,
): Promise<T> {
  const page = await servePage(state);
  const software = process.env.HARDWARE_GPU ? [] : ['--use-webgpu-adapter=swiftshader'];
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--no-first-run',
    '--enable-unsafe-webgpu',
    '--window-size=1440,900',
  ];
  const browser = spawn(BROWSER, [...flags, ...software, `--user-data-dir=${profile}`, page.url], {
    stdio: 'ignore',
    detached: true,
  });
  try {
    return await use(page.site);
  } finally {
    const gone = new Promise((resolve) => browser.once('close', resolve));
    process.kill(-browser.pid!, 'SIGKILL');
    await gone;
    page.close();
  }
}

const larger = (a: Record<string, number>, b: Record<string, number>) =>
  Object.fromEntries(Object.entries(b).map(([name, value]) => [name, Math.max(value, a[name] ?? 0)]));
const over = (a: Record<string, number>, b: Record<string, number>) =>
  Object.fromEntries(Object.entries(a).map(([name, value]) => [name, value - (b[name] ?? 0)]));

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function runInChromium(hubUrl: string, steps: number, work: string): Promise<RealRun> {
  if (!existsSync('dist/index.html'))
    throw new Error('there is no build in dist/: run `npm run build` first');
  const state = { recipe: { ...recipe(steps), teacher: { model: 'demo' } }, hubUrl };
  const profile = join(work, 'profile');
  return visit(profile, state, (site) => distil(site, profile, steps));
}

async function distil(
  site: Awaited<ReturnType<typeof servePage>>['site'],
  profile: string,
  steps: number,
): Promise<RealRun> {
  // The demo is measured at rest, and its text read: not a part of what is measured here.
  while (!site.ready) await rest(200);
  await quiet((listener) => (site.heard = listener), 10_000);
  const idle = bytesByKind(processesOf(profile));
  say(`Chromium, idle with the demo: ${JSON.stringify(idle)}`);
  site.longestTaskMs = 0;
  const started = seconds();
  site.command = REPOSITORY;
  const processor = () => processesOf(profile).reduce((sum, { pid }) => sum + processorMs(pid), 0) / 1000;
  const sampled = peaks(() => bytesByKind(processesOf(profile)), 200);
  const now = () => bytesByKind(processesOf(profile));
  const most: Record<string, Record<string, number>> = { downloading: {}, text: {}, uploading: {} };
  const before: typeof most = {};
  let largest: Record<string, number> = {};
  const next = () => {
    const latest = sampled.next();
    largest = larger(largest, latest);
    return latest;
  };
  let [openSeconds, loadSeconds, whole] = [0, 0, 0];
  let tokenizer = false;
  /** What was largest since the last event, as a part of a phase that begins with its first event. */
  const note = (phase: string) => {
    before[phase] ??= now();
    most[phase] = larger(most[phase]!, next());
  };
  await new Promise<void>((resolve, reject) => {
    site.heard = (event) => {
      if (event.type === 'failed' || event.type === 'fatal') reject(new Error(event.error.message));
      if (event.type !== 'progress') return;
      // The header comes before the tokenizer, the weights after it.
      tokenizer ||= event.what === 'merges.txt';
      if (event.what === 'reading weights') note('uploading');
      else if (before['uploading']) next();
      else if (event.what === 'reading the demo text' || before['text']) note('text');
      else if (event.what === 'model.safetensors' && tokenizer) {
        if (openSeconds === 0) openSeconds = seconds() - started;
        note('downloading');
      } else next();
      if (momentOf(event) === 'weights') {
        loadSeconds = seconds() - started;
        whole += event.total;
        say(`${(event.total / 1e6).toFixed(0)} MB of weights at ${loadSeconds.toFixed(1)} s`);
      }
      if (event.what === 'measuring' && event.done >= event.total && whole > 4.9e8) resolve();
    };
  });
  next();
  await rest(2000);
  const after = sampled.next();
  const loadTask = site.longestTaskMs;
  site.longestTaskMs = 0;
  const downloading = over(most['downloading']!, before['downloading']!);
  const text = over(most['text']!, before['text']!);
  const uploading = over(most['uploading']!, before['uploading']!);
  say(
    `measured after ${(seconds() - started).toFixed(1)} s: ${JSON.stringify({ downloading, text, uploading, whole: over(largest, idle) })}`,
  );
  while (!site.ready) await rest(200);

  const done: RealRun['steps'] = [];
  const perplexities: number[] = [];
  let [since, used, student] = [0, 0, 0];
  const asked = seconds();
  await new Promise<void>((resolve, reject) => {
    site.heard = (event) => {
      if (event.type === 'failed' || event.type === 'fatal') reject(new Error(event.error.message));
      if (momentOf(event) === 'student') student = seconds() - asked;
      if (event.type === 'runState') say(`${event.state} after ${(seconds() - asked).toFixed(1)} s`);
      if (event.type === 'runState' && event.state === 'running') [since, used] = [seconds(), processor()];
      if (event.type === 'eval') perplexities.push(event.perplexity);
      if (event.type === 'steps') {
        for (const { loss, step } of event.steps) {
          done.push({ loss, seconds: seconds() - since, processorSeconds: processor() - used });
          say(
            `step ${step}: loss ${loss.toFixed(4)}, ${(processor() - used).toFixed(0)} s of processor time`,
          );
        }
        [since, used] = [seconds(), processor()];
      }
      if (event.type === 'eval' && event.step === steps) resolve();
    };
    site.command = 'run';
  });
  const training = sampled.next();
  sampled.stop();
  return {
    where: 'Chromium',
    openSeconds,
    openBesideBytes: over(before['downloading']!, idle),
    loadSeconds,
    loadedBytes: 0,
    downloadBesideBytes: downloading,
    textBesideBytes: text,
    loadBesideBytes: uploading,
    wholeBesideBytes: over(largest, idle),
    heldAfterLoading: over(after, idle),
    longestPageTaskMs: { loading: loadTask, training: site.longestTaskMs },
    truncateSeconds: student,
    perplexityBefore: perplexities[0] ?? NaN,
    perplexityAfter: perplexities.at(-1) ?? NaN,
    steps: done,
    trainBytes: training,
  };
}

/** Resolves when no event has come for `ms`. */
function quiet(listen: (listener: (event: Event) => void) => void, ms: number): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(resolve, ms);
    listen(() => {
      clearTimeout(timer);
      timer = setTimeout(resolve, ms);
    });
  });
}
