import { Select } from '@mantine/core';
import { useStudio } from '../store';

/** Why products in f16 cannot be had on this device; null when they can. */
function refusalOf(device: { backend: string; features: readonly string[] } | null): string | null {
  if (!device) return 'the device is not open';
  if (device.backend !== 'webgpu') return 'the processor has none';
  return device.features.includes('shader-f16') ? null : 'this GPU has no shader-f16';
}

/** Precision of matrix products while training; weights and sums stay f32. */
export function PrecisionField() {
  const precision = useStudio((state) => state.recipe.precision);
  const device = useStudio((state) => state.device);
  const edit = useStudio((state) => state.edit);
  const refusal = refusalOf(device);
  return (
    <Select
      size="xs"
      label="Products in"
      title={
        refusal ? `f16: ${refusal}` : 'Matrix products while training; weights and sums are f32 either way'
      }
      data={[
        { value: 'f32', label: 'f32' },
        { value: 'f16', label: refusal ? `f16: ${refusal}` : 'f16', disabled: refusal !== null },
      ]}
      comboboxProps={{ width: 210, position: 'bottom-start' }}
      value={precision}
      allowDeselect={false}
      onChange={(value) => edit((old) => ({ ...old, precision: value === 'f16' ? 'f16' : 'f32' }))}
    />
  );
}
