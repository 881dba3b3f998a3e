/**
 * Tasks of a page's main thread by their processor time, from Chromium's tracing: on a machine that others use as well,
 * time on the clock says little. A trace of minutes would be hundreds of megabytes, so it is taken in pieces.
 */
import type { CDPSession } from 'playwright-core';

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds, on the clock and of the processor. */
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

export interface PageTask {
  processorMs: number;
  clockMs: number;
}

export interface TaskReport {
  tasks: number;
  /** Longest processor time first. */
  longest: PageTask[];
}

const PIECE_MS = 10_000;
const BUFFER_KILOBYTES = 32 * 1024;
const REPORTED = 8;

async function readStream(session: CDPSession, handle: string): Promise<string> {
  let text = '';
  for (;;) {
    const { data, eof } = await session.send('IO.read', { handle, size: 1 << 22 });
    text += data;
    if (eof) break;
  }
  await session.send('IO.close', { handle });
  return text;
}

function tasksOf(trace: string): PageTask[] {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const mains = traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain',
  );
  const own = new Set(mains.map(({ pid, tid }) => `${pid} ${tid}`));
  return traceEvents
    .filter(({ name, ph, pid, tid }) => ph === 'X' && /RunTask$/.test(name) && own.has(`${pid} ${tid}`))
    .map(({ dur = 0, tdur = 0 }) => ({ processorMs: tdur / 1000, clockMs: dur / 1000 }));
}

/** Traces until `stop`. */
export function followTasks(session: CDPSession): { stop(): Promise<TaskReport> } {
  let stopped = false;
  let tasks = 0;
  let longest: PageTask[] = [];

  async function piece(): Promise<void> {
    const complete = new Promise<string>((resolve) =>
      session.once('Tracing.tracingComplete', ({ stream }) => resolve(stream!)),
    );
    await session.send('Tracing.start', {
      transferMode: 'ReturnAsStream',
      traceConfig: {
        recordMode: 'recordContinuously',
        traceBufferSizeInKb: BUFFER_KILOBYTES,
        includedCategories: ['toplevel'],
      },
    });
    for (let passed = 0; passed < PIECE_MS && !stopped; passed += 100)
      await new Promise((resolve) => setTimeout(resolve, 100));
    await session.send('Tracing.end');
    const found = tasksOf(await readStream(session, await complete));
    tasks += found.length;
    longest = [...longest, ...found].sort((a, b) => b.processorMs - a.processorMs).slice(0, REPORTED);
  }

  const done = (async () => {
    while (!stopped) await piece();
  })();
  return {
    async stop() {
      stopped = true;
      await done;
      // A trace without tasks would say that the page was free whatever it did.
      if (!longest.some(({ processorMs }) => processorMs > 0)) throw new Error('the trace has no tasks');
      return { tasks, longest };
    },
  };
}
