import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { main } from '../main';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'decant-cache-'));
  for (const [folder, bytes] of [
    ['listings', 20],
    ['https%3A%2F%2Fhub.example%20abc', 3000],
    ['tuning', 50],
    ['tokens/0123456789abcdef', 400],
  ] as const) {
    mkdirSync(join(root, 'decant', folder), { recursive: true });
    writeFileSync(join(root, 'decant', folder, 'data'), new Uint8Array(bytes));
  }
  vi.stubEnv('XDG_CACHE_HOME', root);
  vi.stubEnv('DECANT_CACHE_GB', '2.5');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

async function cache(...args: string[]): Promise<unknown> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    expect(await main(['cache', ...args, '--json'])).toBe(0);
    return JSON.parse(String(write.mock.lastCall![0])) as unknown;
  } finally {
    write.mockRestore();
  }
}

test('says what is kept, under which limit', async () => {
  const folder = join(root, 'decant');
  expect(await cache()).toEqual({ folder, downloads: 3020, tokens: 400, limit: 2.5e9 });
  vi.stubEnv('DECANT_CACHE_GB', 'much');
  expect(await cache()).toMatchObject({ limit: 20e9 });
});

test('clears one kind or all, and nothing else', async () => {
  expect(await cache('--clear', 'tokens')).toMatchObject({ downloads: 3020, tokens: 0 });
  expect(await cache('--clear', 'all')).toMatchObject({ downloads: 0, tokens: 0 });
  expect(readdirSync(join(root, 'decant')).sort()).toEqual(['tokens', 'tuning']);
});
