import { expect, test } from 'vitest';
import { createControl } from './control';

/** Drives a control as the trainer does, `limit` steps at most; returns what happened in order. */
async function loop(control: ReturnType<typeof createControl>, log: string[], limit: number): Promise<void> {
  let steps = 0;
  while (steps < limit) {
    const decision = await control.next();
    log.push(decision);
    if (decision === 'stop') break;
    if (decision === 'evaluate') control.evaluated();
    if (decision === 'wait') await control.wait();
    if (decision === 'step') steps++;
  }
  control.finish();
}

test('a run without commands steps until it is done', async () => {
  const log: string[] = [];
  await loop(createControl(), log, 3);
  expect(log).toEqual(['step', 'step', 'step']);
});

test('pause is answered once the loop stands still, and stepping once pauses again', async () => {
  const control = createControl();
  const log: string[] = [];
  const done = loop(control, log, 4);
  await control.pause();
  const paused = log.filter((decision) => decision === 'step').length;
  expect(log.at(-1)).toBe('wait');
  await control.stepOnce();
  expect(log.filter((decision) => decision === 'step').length).toBe(paused + 1);
  expect(log.at(-1)).toBe('wait');
  control.resume();
  await done;
  expect(log.filter((decision) => decision === 'step').length).toBe(4);
});

test('an evaluation asked for during a pause is made, and the run stays paused', async () => {
  const control = createControl();
  const log: string[] = [];
  const done = loop(control, log, 100);
  await control.pause();
  const before = log.length;
  await control.evaluateNow();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(log.slice(before)).toEqual(['evaluate', 'wait']);
  await control.stop();
  await done;
  expect(log.at(-1)).toBe('stop');
});

test('stop wins over everything else, aborts the signal and is final', async () => {
  const control = createControl();
  const log: string[] = [];
  const done = loop(control, log, 100);
  void control.evaluateNow();
  const stopped = control.stop();
  control.resume();
  await stopped;
  await done;
  expect(log).toEqual(['stop']);
  expect(control.signal.aborted).toBe(true);
});

test('commands after the end are answered at once', async () => {
  const control = createControl();
  await loop(control, [], 1);
  await Promise.all([control.pause(), control.stepOnce(), control.stop(), control.evaluateNow()]);
});
