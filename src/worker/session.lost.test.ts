import { afterEach, expect, test, vi } from 'vitest';
import type * as deviceModule from '../engine/device';
import { tinyPlatform } from '../testing/tinyPlatform';
import { createClient } from './client';
import { portPair } from './port';
import type { Event } from './protocol';
import { createSession } from './session';

let lose: (reason: string) => void;

vi.mock('../engine/device', async (original) => {
  const device = await original<typeof deviceModule>();
  return {
    ...device,
    openDevice: async (options: Parameters<typeof device.openDevice>[0]) => ({
      ...(await device.openDevice(options)),
      lost: new Promise<string>((resolve) => (lose = resolve)),
    }),
  };
});

afterEach(() => vi.resetModules());

test('when the device is lost, a fatal event says so and whatever runs fails with the reason', async () => {
  const [ours, theirs] = portPair();
  createSession(theirs, tinyPlatform());
  const client = createClient(ours);
  const events: Event[] = [];
  client.onEvent((event) => events.push(event));
  const open = () => client.request({ type: 'open', device: 'wasm', hubUrl: '' });
  await open();
  const candidates = [...Array(12).keys()].map((layer) => ({ strategy: 'manual', keep: 1, layers: [layer] }));
  const waiting = client.request(
    { type: 'sweep', model: 'demo', candidates },
    { onEvent: (event) => event.type === 'sweepRow' && lose('the GPU was lost (unknown: unplugged)') },
  );
  const expected = { name: 'DeviceError', message: 'the GPU was lost (unknown: unplugged)', input: false };
  await expect(waiting).rejects.toMatchObject(expected);
  expect(events).toContainEqual({ type: 'fatal', error: expect.objectContaining(expected) as unknown });

  // Opened anew, the session works again.
  await open();
  expect((await client.request({ type: 'measure', model: 'demo', layers: [0] })).tokens).toBeGreaterThan(0);
});
