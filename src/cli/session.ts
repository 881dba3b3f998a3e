/** A session in this process, for the commands that compute. */
import { RecipeError } from '../errors';
import type { Client } from '../worker/client';
import { createClient } from '../worker/client';
import type { Platform } from '../worker/platform';
import { portPair } from '../worker/port';
import type { Answers, BackendName } from '../worker/protocol';
import type { Arguments } from './args';
import { hubOf } from './hub';
import type { Output } from './output';
import { projectFolder } from './place';

const DEVICES = ['auto', 'webgpu', 'wasm', 'cpu'] as const;

export interface CliSession {
  client: Client;
  device: Answers['open']['device'];
}

export function deviceOption(args: Arguments): 'auto' | BackendName {
  const asked = args.text('device') ?? 'auto';
  const device = DEVICES.find((name) => name === asked);
  if (!device)
    throw new RecipeError(`--device is ${JSON.stringify(asked)}`, `It can be ${DEVICES.join(', ')}.`);
  return device;
}

/** Platform of this machine; `change` replaces parts of it. */
export async function machinePlatform(change: Partial<Platform> = {}): Promise<Platform> {
  const { nodePlatform } = await import('../worker/platform.node');
  return { ...nodePlatform(projectFolder()), ...change };
}

/** Makes WebGPU available. Before tfjs's WebGPU backend is loaded, which looks for it once. */
export async function prepareEngine(args: Arguments): Promise<void> {
  const device = deviceOption(args);
  if (device !== 'auto' && device !== 'webgpu') return;
  const { installWebGPU } = await import('../engine/webgpu.node');
  await installWebGPU();
}

/** Opens the device that the options ask for and says which it is. */
export async function openSession(
  args: Arguments,
  out: Output,
  change: Partial<Platform> = {},
): Promise<CliSession> {
  await prepareEngine(args);
  const { createSession } = await import('../worker/session');
  const [ours, theirs] = portPair();
  createSession(theirs, await machinePlatform(change));
  const client = createClient(ours);
  client.onEvent((event) => {
    if (event.type === 'warning') out.note(`warning: ${event.message}`);
    else if (event.type === 'fatal') out.note(`the device failed: ${event.error.message}`);
  });
  const { url: hubUrl, token: hubToken } = hubOf(args);
  const opened = await client.request({ type: 'open', device: deviceOption(args), hubUrl, hubToken });
  const { backend, description, reason } = opened.device;
  out.note(`device: ${description} (${backend})${reason === undefined ? '' : `; ${reason}`}`);
  return { client, device: opened.device };
}
