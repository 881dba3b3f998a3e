import { expect, test } from 'vitest';
import { kernelFamily, linearGrid } from './kernel';
import { kernelsServe } from './mode';

const family = kernelFamily('Example', ({ factor }: { factor: number }) => ({
  write: { y: 'f32' as const },
  read: { x: 'vec4f' as const },
  scalars: { size: 'u32' as const, shift: 'f32' as const },
  workgroupSize: [8, 2] as const,
  helpers: '// above',
  main: `y[gid.x] = x[gid.x].x * ${factor}.0 + u.shift;`,
}));

test('a kernel declares its buffers in order, writable ones first, and its scalars after them', () => {
  const { code, buffers, scalars } = family({ factor: 2 });
  expect(code.split('\n').slice(0, 5)).toEqual([
    '@group(0) @binding(0) var<storage, read_write> y: array<f32>;',
    '@group(0) @binding(1) var<storage, read> x: array<vec4f>;',
    'struct Scalars { size: u32, shift: f32 }',
    '@group(0) @binding(2) var<uniform> u: Scalars;',
    '// above',
  ]);
  expect(code).toContain('@workgroup_size(8, 2, 1)');
  expect(buffers).toEqual(['y', 'x']);
  expect(scalars.map(([name]) => name)).toEqual(['size', 'shift']);
});

test('equal parameters give the same kernel, others another name and text', () => {
  expect(family({ factor: 2 })).toBe(family({ factor: 2 }));
  expect(family({ factor: 3 }).name).not.toBe(family({ factor: 2 }).name);
  expect(family({ factor: 3 }).code).not.toBe(family({ factor: 2 }).code);
});

test('a grid covers its threads within the limit of 65535 workgroups a dimension', () => {
  expect(linearGrid(1, 64)).toEqual([1, 1]);
  expect(linearGrid(64 * 40000 + 1, 64)).toEqual([32768, 2]);
  for (const [x, y] of [linearGrid(50257 * 768, 8)]) {
    expect(x * y * 8).toBeGreaterThanOrEqual(50257 * 768);
    expect(Math.max(x, y)).toBeLessThan(65536);
  }
});

test.each([
  [{ nEmbd: 768, nHead: 12, nInner: 3072 }, true],
  [{ nEmbd: 32, nHead: 4, nInner: 128 }, true],
  [{ nEmbd: 30, nHead: 3, nInner: 120 }, false],
  [{ nEmbd: 12, nHead: 2, nInner: 48 }, false],
  [{ nEmbd: 8, nHead: 2, nInner: 30 }, false],
])('kernels serve %j: %s', (geometry, serve) => {
  expect(kernelsServe(geometry)).toBe(serve);
});
