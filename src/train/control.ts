/**
 * The buttons of a run. The trainer looks at them between steps and nowhere else, so that each is answered
 * within one step and no step is ever half done.
 */
export interface Control {
  /** Resolves when the trainer stands still between two steps. */
  pause(): Promise<void>;
  resume(): void;
  /** One step, then pause; resolves when it is done. */
  stepOnce(): Promise<void>;
  /** Resolves when the trainer has taken note; it then finishes with what it has. */
  stop(): Promise<void>;
  /** Resolves when the evaluation is done; a paused run stays paused. */
  evaluateNow(): Promise<void>;
}

/** What the trainer does next. */
export type Decision = 'step' | 'evaluate' | 'stop' | 'wait';

/** The trainer's end of a control. */
export interface ControlledLoop {
  /** Aborted by `stop`, for what takes longer than a step. */
  readonly signal: AbortSignal;
  /** Lets the event loop run, so that commands arrive; then says what they amount to. */
  next(): Promise<Decision>;
  /** The trainer stands still; resolves when there is something to do again. */
  wait(): Promise<void>;
  /** The evaluation that `next` asked for is done. */
  evaluated(): void;
  /** The run is over: whoever still waits is answered. */
  finish(): void;
}

/**
 * Lets the event loop run once. `setTimeout` would cost 4 ms in a browser; a message would not do in Node, which
 * takes up to a thousand of them before it looks at anything else.
 */
async function yieldToEvents(channel: () => MessageChannel): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => void setImmediate(resolve));
  const { port1, port2 } = channel();
  await new Promise<void>((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(null);
  });
}

const answer = (waiting: (() => void)[]) => waiting.splice(0).forEach((resolve) => resolve());

/** A control for one run. */
export function createControl(): Control & ControlledLoop {
  let mode: 'running' | 'paused' | 'single' | 'stopping' | 'finished' = 'running';
  const wantEvaluation: (() => void)[] = [];
  const wantStandstill: (() => void)[] = [];
  let wake: () => void = () => {};
  const stopping = new AbortController();
  let channel: MessageChannel | undefined;

  const change = (next: typeof mode) => {
    if (mode !== 'finished' && mode !== 'stopping') mode = next;
    wake();
  };
  const answered = (waiting: (() => void)[]) =>
    new Promise<void>((resolve) => {
      if (mode === 'finished') return resolve();
      waiting.push(resolve);
      wake();
    });

  return {
    signal: stopping.signal,
    pause() {
      change('paused');
      return answered(wantStandstill);
    },
    resume: () => change('running'),
    stepOnce() {
      change('single');
      return answered(wantStandstill);
    },
    stop() {
      change('stopping');
      stopping.abort();
      return answered(wantStandstill);
    },
    evaluateNow: () => answered(wantEvaluation),

    async next() {
      await yieldToEvents(() => (channel ??= new MessageChannel()));
      if (mode === 'stopping') {
        answer(wantStandstill);
        return 'stop';
      }
      if (wantEvaluation.length > 0) return 'evaluate';
      if (mode === 'paused') return 'wait';
      if (mode === 'single') mode = 'paused';
      else answer(wantStandstill); // a pause that was taken back before the trainer saw it
      return 'step';
    },
    async wait() {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      answer(wantStandstill);
      await woken;
      wake = () => {};
    },
    evaluated: () => answer(wantEvaluation),
    finish() {
      mode = 'finished';
      answer(wantEvaluation);
      answer(wantStandstill);
      channel?.port1.close();
    },
  };
}
