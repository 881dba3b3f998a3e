import type { Command } from '../command';
import { openSession } from '../session';

interface AdapterCard {
  description: string;
  vendor: string;
  architecture: string;
  software: boolean;
  features: string[];
  limits: Record<string, number>;
}

const SHOWN_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
] as const;

/** The adapters that WebGPU offers here, by preference, each once. */
async function adapters(): Promise<AdapterCard[]> {
  const { installWebGPU } = await import('../../engine/webgpu.node');
  if (!(await installWebGPU())) return [];
  const cards = new Map<string, AdapterCard>();
  for (const powerPreference of ['high-performance', 'low-power'] as const) {
    const adapter = await navigator.gpu.requestAdapter({ powerPreference });
    if (!adapter) continue;
    const { description, vendor, architecture } = adapter.info;
    cards.set(`${vendor} ${architecture} ${description}`, {
      description,
      vendor,
      architecture,
      software: /swiftshader|llvmpipe|lavapipe/i.test(`${description} ${architecture}`),
      features: [...adapter.features].sort(),
      limits: Object.fromEntries(SHOWN_LIMITS.map((name) => [name, adapter.limits[name]])),
    });
  }
  return [...cards.values()];
}

export const devices: Command = {
  name: 'devices',
  usage: '',
  summary: 'adapters, limits, features, and what would be used',
  positionals: 0,
  options: {},
  async run({ args, out }) {
    const found = await adapters();
    const { device } = await openSession(args, out);
    const lines = found.flatMap(({ description, vendor, software, features, limits }) => [
      `${description || vendor}${software ? ' (software)' : ''}`,
      `  features: ${features.join(' ')}`,
      ...Object.entries(limits).map(([name, value]) => `  ${name}: ${value.toLocaleString('en')}`),
    ]);
    const used = `would be used: ${device.description} (${device.backend})`;
    out.result({ adapters: found, used: device }, [
      ...(lines.length === 0 ? ['no WebGPU adapter'] : lines),
      used,
      ...(device.reason === undefined ? [] : [`because ${device.reason}`]),
    ]);
    return 0;
  },
};
