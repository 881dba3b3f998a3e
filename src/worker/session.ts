/**
 * The session: everything that happens behind the channel. It owns the device, the loaded models and texts, and
 * the one run in progress, and answers each command once. The same code serves the page (in a worker), the
 * command line and the tests (over an in-memory port).
 */
import type { Tokenizer } from '../data/tokenizer';
import { openDevice, type Device } from '../engine/device';
import { DeviceError, TrainingError, unreachable } from '../errors';
import { createGate, type Gate } from '../io/patience';
import { METHODS } from '../methods/index';
import { methodCard } from '../methods/method';
import { parameterCount } from '../model/config';
import { checkLayers } from '../model/selection';
import type { Platform } from './platform';
import type { Answers, Command, CommandBody, Event, Port, SweepRow } from './protocol';
import { nextTokenDistribution } from './session/distribution';
import { createKept } from './session/kept';
import { createLane } from './session/lane';
import { createEstimates } from './session/estimate';
import { createMeasurements } from './session/measure';
import { createLoader } from './session/loading';
import { modelRegistry } from './session/models';
import { runRef } from './session/refs';
import { rowRegistry } from './session/rows';
import { createRuns } from './session/runs';
import { continuePrompt, exportModel } from './session/students';
import { evaluateOnTask } from './session/evaluateTask';
import { evaluateText } from './session/evaluateText';
import { createSources, type HubAccess } from './session/sources';
import { taskCards, taskInfos } from './session/taskCards';
import { compareCleaned, surveyText } from './session/survey';
import { createTask, errorReport, type Task } from './session/task';
import { textRegistry } from './session/texts';
import { createTuning } from './session/tuning';
import { requireTokenizer } from './session/vocabulary';

/** A running command. */
interface Running {
  type: Command['type'];
  abort: AbortController;
  gate: Gate;
}

/** What a run's start ends: courtesies that whoever wants a run does not want to wait for. */
const COURTESIES: readonly Command['type'][] = ['measure', 'distribution'];

/** What an answer hands over instead of copying: rows of logits, an export's weights. Its other files are still needed here. */
function moved(type: Command['type'], result: Answers[Command['type']]): Transferable[] {
  if (type === 'distribution') {
    const { teacher, student } = result as Answers['distribution'];
    return [teacher.buffer, student.buffer];
  }
  if (type !== 'export') return [];
  const files = result as Answers['export'];
  return files.filter(({ name }) => name.endsWith('.safetensors')).map(({ bytes }) => bytes.buffer);
}

/** Connects a session to its end of the channel. It lives as long as the channel does. */
export function createSession(port: Port, platform: Platform): void {
  const running = new Map<number, Running>();
  const models = modelRegistry();
  const lane = createLane();
  let device: Device | undefined;
  let hub: HubAccess = { url: '', token: undefined };
  /** Rejects when the device is gone, and with it whatever still runs. */
  let lost = new Promise<never>(() => {});
  /** The model that a text is shown with: the last one loaded that can read. */
  let reader = 'demo';

  const send = (event: Event) => port.postMessage(event);
  const loader = createLoader({
    platform,
    models,
    hub: () => hub,
    warn: (message) => send({ type: 'warning', message }),
    onLoaded: (ref) => measurements.forget(ref),
    runInProgress: () => runs.inProgress(),
  });
  const sources = createSources(platform, () => hub);
  const texts = textRegistry({ platform, sources, openModel: loader.ensure });
  const rows = rowRegistry(platform, sources);
  const cards = taskCards(rows);
  const measurements = createMeasurements(texts, () => device?.info.software ?? false);
  const info = () => {
    if (device) return device.info;
    throw new DeviceError('no device is open', 'Send `open` first.');
  };
  const runs = createRuns({
    models,
    texts,
    rows,
    openModel: loader.ensure,
    device: info,
    snapshots: platform.snapshots,
  });
  const kept = createKept({
    platform,
    texts,
    runInProgress: runs.inProgress,
    running: () => [...running.values()].map(({ type }) => type),
  });
  const estimate = createEstimates({
    models,
    openModel: loader.ensure,
    device: info,
    memoryBytes: platform.memoryBytes,
    busy: runs.busy,
  });

  const tuning = createTuning({
    store: platform.tuning,
    first: platform.tunesFirst ?? false,
    lane,
    busy: () => runs.inProgress(),
  });

  async function readerTokenizer(task: Task): Promise<Tokenizer> {
    const { card, vocabulary } = await loader.ensure(models.has(reader) ? reader : 'demo', task);
    return requireTokenizer(card.name, vocabulary);
  }

  async function open({
    device: prefer,
    hubUrl,
    hubToken,
  }: CommandBody & { type: 'open' }): Promise<Answers['open']> {
    for (const { type, abort } of running.values()) if (type !== 'open') abort.abort();
    runs.abandon();
    models.clear();
    device?.close();
    device = undefined;
    hub = { url: hubUrl, token: hubToken };
    const opened = await openDevice({ prefer, wasmPath: platform.wasmPath });
    device = opened;
    await tuning.opened(opened.info.software);
    lost = opened.lost.then((reason) => {
      throw new DeviceError(reason, 'Close other pages that use the GPU, then start again.');
    });
    lost.catch((error) => {
      if (device === opened) send({ type: 'fatal', error: errorReport(error) });
    });
    return { device: opened.info, methods: METHODS.map(methodCard), tasks: taskInfos() };
  }

  async function evaluate(command: CommandBody & { type: 'evaluate' }, task: Task) {
    return evaluateText(await loader.ensure(command.model, task), command, texts, task);
  }

  async function sweep(command: CommandBody & { type: 'sweep' }, task: Task): Promise<SweepRow[]> {
    const known = await loader.ensure(command.model, task);
    const rows: SweepRow[] = [];
    for (const { strategy, keep, layers } of command.candidates) {
      task.check();
      const report = await measurements.measure(known, layers, task);
      const parameters = parameterCount({ ...known.config, nLayer: layers.length });
      const row = { strategy, keep, layers, parameters, ...report };
      rows.push(row);
      send({ type: 'sweepRow', id: task.id, row });
    }
    return rows;
  }

  /** Work on the device that is not training: after what came before it, and not during a run. */
  function onDevice<T>(task: Task, work: () => Promise<T>): Promise<T> {
    info();
    const busy = runs.busy();
    if (busy) throw new TrainingError(busy, 'Pause or stop the run, or wait until it has ended.');
    return lane.run(async () => {
      task.check();
      return work();
    });
  }

  async function start(command: CommandBody & { type: 'start' }, task: Task): Promise<Answers['start']> {
    info();
    for (const { type, abort } of running.values()) if (COURTESIES.includes(type)) abort.abort();
    await tuning.settle();
    await lane.run(() => Promise.resolve());
    return runs.start(command, task);
  }

  async function perform(command: Command, task: Task): Promise<Answers[Command['type']]> {
    switch (command.type) {
      case 'open':
        return open(command);
      case 'loadModel': {
        const { card, vocabulary } = await loader.load(command.model, task, command.purpose);
        if (vocabulary.tokenizer) reader = card.ref;
        if (!runs.inProgress()) await lane.run(async () => models.releaseOthers(card.ref));
        tuning.prepare(models.get(card.ref).config);
        return card;
      }
      case 'loadText':
        return texts.load(command.text, command, await readerTokenizer(task), task);
      case 'loadRows': {
        const card = await rows.add(command.name, command.files, task);
        cards.forget(card.ref);
        return card;
      }
      case 'inspectTask':
        return cards.describe(command.data, command.seed, await readerTokenizer(task), task);
      case 'surveyText':
        return surveyText(
          await texts.documents(command.text, command.seed, task),
          await readerTokenizer(task),
          command,
          task,
        );
      case 'cleanDocument':
        return compareCleaned(
          await texts.documents(command.text, command.seed, task),
          await readerTokenizer(task),
          command,
          task,
        );
      case 'measure':
        return onDevice(task, async () => {
          const known = await loader.ensure(command.model, task);
          return measurements.measure(known, checkLayers(command.layers, known.config.nLayer), task);
        });
      case 'distribution':
        return onDevice(task, () =>
          nextTokenDistribution(command, { texts, openModel: loader.ensure }, task),
        );
      case 'evaluate':
        return onDevice(task, () => evaluate(command, task));
      case 'evaluateTask':
        return onDevice(task, async () =>
          evaluateOnTask(await loader.ensure(command.model, task), command, rows, task),
        );
      case 'sweep':
        return onDevice(task, () => sweep(command, task));
      case 'estimate':
        return estimate(command, task);
      case 'start':
        return start(command, task);
      case 'pause':
      case 'resume':
      case 'stepOnce':
      case 'stop':
      case 'evaluateNow':
        await runs.control(command.type);
        return null;
      case 'export':
        return onDevice(task, () => exportModel(models.get(runRef(command.runId)), command.dtype, task));
      case 'generate':
        return onDevice(task, async () =>
          continuePrompt(await loader.ensure(command.model, task), command, task),
        );
      case 'forget':
        runs.refuseActive(command.runId);
        measurements.forget(runRef(command.runId));
        models.forget(runRef(command.runId));
        return null;
      case 'cancel':
        running.get(command.target)?.abort.abort();
        return null;
      case 'pauseDownload':
        running.get(command.target)?.gate.set(command.paused);
        return null;
      case 'setHub':
        hub = { url: command.hubUrl, token: command.hubToken };
        return null;
      case 'kept':
        return kept.bytes();
      case 'clearKept':
        return kept.clear(command.kinds);
      case 'inspectDataset':
        return sources.inspect(command, task);
      default:
        return unreachable(command);
    }
  }

  port.onmessage = ({ data }) => {
    // The client in the same build is the only sender.
    const command = data as Command;
    const { id, type } = command;
    const abort = new AbortController();
    const gate = createGate();
    running.set(id, { type, abort, gate });
    const task = createTask(id, abort.signal, send, gate);
    const work = perform(command, task);
    void (type === 'open' ? work : Promise.race([work, lost]))
      .then(
        (result) => port.postMessage({ type: 'done', id, result } satisfies Event, moved(type, result)),
        (error: unknown) => send({ type: 'failed', id, error: errorReport(error) }),
      )
      .finally(() => running.delete(id));
  };
}
