/**
 * A session that trains nothing: it speaks the worker's protocol and sends steps as fast as it is asked. It
 * stands in for the worker where a test is about the page alone, since software WebGPU needs minutes for
 * thousands of steps and takes the processor from the page.
 */
import type { Page } from '@playwright/test';
import type { Recipe } from '../src/recipe/recipe';
import type { Command, Event as SessionEvent, MethodCard, ModelCard, TextCard } from '../src/worker/protocol';

const card: ModelCard = {
  ref: 'demo',
  name: 'demo',
  config: {
    nLayer: 12,
    nHead: 6,
    nEmbd: 96,
    nPositions: 128,
    vocabSize: 2048,
    nInner: 384,
    activation: 'gelu_new',
    layerNormEpsilon: 1e-5,
  },
  parameters: 1_546_368,
  bytes: 3_100_000,
  dtype: 'F16',
  tokenizer: 'own',
  warnings: [],
};

const text: TextCard = {
  ref: 'demo',
  name: 'Demo text',
  trainTokens: 2_400_812,
  validationTokens: 83_275,
  trainDocuments: 470,
  windows: 18_756,
  preview: [{ tokens: [{ text: 'The', id: 5, start: true }] }],
  warnings: [],
};

const method: MethodCard = {
  id: 'vanilla-kd',
  label: 'Vanilla KD',
  summary: 'Scripted.',
  paper: { label: 'none', url: 'https://example.org' },
  formula: 'L = a + b',
  where: '',
  needsTeacher: true,
  needsCopy: false,
  parts: ['first half', 'second half'],
  settings: {},
  terms: [
    { id: 'hard', label: 'hard, CE' },
    { id: 'soft', label: 'soft, KL' },
  ],
};

/** Runs in the worker; written here so that it is type-checked, and sent as its source. */
function session(answers: Record<string, unknown>): void {
  const send = (event: SessionEvent) => postMessage(event);
  const report = (perplexity: number) => ({
    perplexity,
    loss: Math.log(perplexity),
    tokens: 4096,
    window: 128,
    stride: 128,
    text: 'raw' as const,
    unit: 'token' as const,
  });
  const at = (step: number, total: number) => ({
    step,
    stage: 0,
    at: step === 0 ? ('start' as const) : step < total ? ('within' as const) : ('end' as const),
    data: 'demo',
  });

  const run = (id: number, runId: string, recipe: Recipe) => {
    const total = recipe.stages[0]!.steps!;
    send({
      type: 'runStarted',
      runId,
      recipe,
      layers: [0, 2, 4, 7, 9, 11],
      totalSteps: total,
      stageSteps: [total],
      planned: {
        parts: [
          { stage: 0, step: 1, part: 'first half' },
          { stage: 0, step: Math.floor(total / 2) + 1, part: 'second half' },
        ],
        learningRate: { steps: [1, total], values: [5e-4, 0] },
      },
    });
    send({ type: 'runState', runId, state: 'running' });
    send({ type: 'epoch', runId, stage: 0, epoch: 0, state: [0, 3, 4, 8, 10] });
    send({ type: 'eval', runId, ...at(0, total), ...report(190) });
    let step = 0;
    let noise = 1;
    const timer = setInterval(() => {
      const steps = [];
      for (let i = 0; i < 50 && step < total; i++) {
        step++;
        noise = (noise * 16807) % 2147483647;
        const hard = 2 + Math.exp(-step / 500) + noise / 4294967294;
        const soft = 1 + 3 * Math.exp(-step / 300) + noise / 4294967294;
        const rest = { learningRate: 5e-4 * (1 - step / total), gradNorm: 1 + noise / 2147483647 };
        steps.push({
          runId,
          stage: 0,
          part: 2 * step <= total ? 'first half' : 'second half',
          step,
          loss: hard + soft,
          terms: { hard, soft },
          ...rest,
          tokens: step * 1024,
          timeMs: step * 2,
        });
      }
      send({ type: 'steps', runId, steps });
      if (step % 250 === 0)
        send({ type: 'eval', runId, ...at(step, total), ...report(40 + 150 * Math.exp(-step / 800)) });
      if (step < total) return;
      clearInterval(timer);
      const result = {
        runId,
        steps: total,
        loss: 3,
        layers: [0, 2, 4, 7, 9, 11],
        parameters: 880_100,
        tokensPerSecond: 500_000,
      };
      send({ type: 'done', id, result: { ...result, wallMs: 10_000, device: 'scripted', stopped: false } });
    }, 100);
  };

  onmessage = ({ data }: MessageEvent<Command>) => {
    if (data.type === 'start') run(data.id, data.runId, data.recipe as Recipe);
    else {
      const result = data.type === 'measure' ? report(120) : (answers[data.type] ?? null);
      send({ type: 'done', id: data.id, result });
    }
  };
}

/** Puts the scripted session in the worker's place; call before the page is opened. */
export async function scriptSession(page: Page): Promise<void> {
  const device = {
    backend: 'webgpu',
    description: 'Scripted',
    software: false,
    features: [],
    limits: { maxBufferSize: 1, maxStorageBufferBindingSize: 1 },
  };
  const answers = { open: { device, methods: [method], tasks: [] }, loadModel: card, loadText: text };
  await page.route(/\/worker(-[\w-]+)?\.(js|ts)(\?|$)/, (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      headers: {
        'Cross-Origin-Embedder-Policy': 'require-corp',
        'Cross-Origin-Resource-Policy': 'same-origin',
      },
      body: `(${session.toString()})(${JSON.stringify(answers)})`,
    }),
  );
}
