import { mkdtempSync, cpSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { BYTE_TOKENIZER, fixtureFolder } from '../../testing/tinyPlatform';
import { main } from '../main';

const folder = mkdtempSync(join(tmpdir(), 'decant-plan-'));
cpSync(fixtureFolder('gpt2-tiny'), join(folder, 'teacher'), { recursive: true });
writeFileSync(join(folder, 'teacher/tokenizer.json'), BYTE_TOKENIZER);
const recipe = join(folder, 'recipe.json');
writeFileSync(
  recipe,
  JSON.stringify({
    version: 1,
    teacher: { model: './teacher' },
    selection: { layers: [0, 6, 11] },
    stages: [{ method: 'vanilla-kd', steps: 4 }],
  }),
);

async function printed(...args: string[]): Promise<[number, string]> {
  const lines: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  const error = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const status = await main(['plan', recipe, '--device', 'wasm', ...args]);
  out.mockRestore();
  error.mockRestore();
  return [status, lines.join('')];
}

test('plan prints what is known, and whether that fits', async () => {
  const [status, text] = await printed();
  expect(status).toBe(0);
  expect(text).toMatch(/teacher +0\.7 MB/);
  expect(text).toContain('the memory of activations is not known');
  expect(text).toMatch(/what is known fits into .* half of the memory of this machine/);
});

test('with --json it is one object', async () => {
  const [status, text] = await printed('--json', '--memory', '0.001');
  expect(status).toBe(0);
  expect(JSON.parse(text)).toMatchObject({
    basis: 'weights',
    fits: false,
    budget: { bytes: 1e6, assumed: false },
    parts: { teacher: 691_968 },
  });
});
