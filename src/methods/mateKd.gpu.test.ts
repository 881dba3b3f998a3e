import { describe, expect, test } from 'vitest';
import { readTensor } from '../engine/device';
import { createPackedParameter } from '../engine/packed';
import { createParameter, disposeParameter, type Parameter } from '../engine/parameter';
import { bindingLimit, setBindingLimit } from '../engine/ranges';
import { f16ToFloat32, float32ToF16 } from '../io/floats';
import { disposeParams, packable } from '../model/params';
import { randomStream } from '../random';
import { useTestDevice } from '../testing/gpu';
import { checkMate } from '../testing/mateChecks';
import { tinyModel } from '../testing/tinyGpt2';
import { createGenerator } from './mateGenerator';

useTestDevice();

describe('on WebGPU', checkMate);

test.each([null, 2 ** 15])(
  'a generator of a packed teacher has its float16 values (binding limit: %j bytes)',
  async (limit) => {
    const model = tinyModel([0, 4, 11], { trainable: false });
    const params: Record<string, Parameter> = {};
    const expected: Record<string, Float32Array> = {};
    for (const [name, { shape, value }] of Object.entries(model.params)) {
      const values = Float32Array.from(await readTensor(value));
      const halves = float32ToF16(values);
      params[name] = packable(name)
        ? createPackedParameter(name, shape, halves)
        : createParameter(name, shape, values, false);
      expected[name] = packable(name) ? f16ToFloat32(halves) : values;
    }
    const whole = bindingLimit();
    if (limit !== null) setBindingLimit(limit);
    const teacher = { config: model.config, params };
    const generator = createGenerator({ teacher, student: model, random: randomStream(1, 'mate') }, 2);
    setBindingLimit(whole);
    expect(await readTensor(generator['wte.weight']!.value)).toEqual(expected['wte.weight']);
    for (const name of ['attn.c_attn.weight', 'mlp.c_proj.weight', 'ln_1.bias']) {
      expect(await readTensor(generator[`h.0.${name}`]!.value)).toEqual(expected[`h.0.${name}`]);
      expect(await readTensor(generator[`h.1.${name}`]!.value)).toEqual(expected[`h.2.${name}`]);
    }
    expect(Object.values(generator).every(({ trainable, packed }) => trainable && !packed)).toBe(true);
    Object.values(generator).forEach(disposeParameter);
    [model.params, params].forEach(disposeParams);
  },
);
