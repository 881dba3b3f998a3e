import { Tooltip } from '@mantine/core';
import type { DeviceInfo } from '../../worker/protocol';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';

const BACKENDS: Readonly<Record<DeviceInfo['backend'], string>> = {
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
  cpu: 'processor',
};

function detail(device: DeviceInfo): string {
  const largest = (device.limits.maxBufferSize / 2 ** 30).toFixed(2);
  const parts = [`${device.description}, ${BACKENDS[device.backend]}, 32-bit arithmetic.`];
  if (device.backend === 'webgpu') parts.push(`Largest buffer ${largest} GB.`);
  if (device.features.length > 0) parts.push(`Features: ${device.features.join(', ')}.`);
  return parts.join(' ');
}

/** What computes: the adapter and how it is reached. */
export function DeviceChip() {
  const device = useStudio((state) => state.device);
  const phase = useStudio((state) => state.phase);
  if (phase === 'gone') {
    return (
      <span className="chip warn">
        <Icon name="warn" /> not connected
      </span>
    );
  }
  if (!device) return <span className="chip">opening the device …</span>;
  const slow = device.software || device.backend !== 'webgpu';
  return (
    <Tooltip label={detail(device)}>
      <span className={slow ? 'chip warn' : 'chip'} tabIndex={0}>
        {slow ? <Icon name="warn" /> : <span className="chip-dot" />}
        <span className="chip-text">
          <span className="only-wide">{device.description} · </span>
          {BACKENDS[device.backend]}
          <span className="only-wide"> · f32</span>
        </span>
      </span>
    </Tooltip>
  );
}
