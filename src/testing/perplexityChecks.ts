/** Perplexity of the fixtures' token stream, side by side and sliding, for both devices. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { tapeAnchor } from '../engine/parameter';
import { perplexity } from '../eval/perplexity';
import { disposeParams } from '../model/params';
import { expectClose } from './expectClose';
import { fixtureJson } from './fixtures';
import { tinyStudent, tinyTeacher } from './tinyGpt2';

interface Measured {
  window: number;
  stride: number;
  scored_tokens: number;
  perplexity: number;
}

interface PerplexityFixture {
  tokens: number[];
  teacher: Record<string, Measured>;
  student: Record<string, Measured>;
}

// fixtures/README.md, column "suggested".
const TOLERANCE = 2e-6;

/** All four measurements, or those of some models. */
export function checkPerplexity(roles: readonly ('teacher' | 'student')[] = ['teacher', 'student']): void {
  for (const role of roles) {
    test.each(['non_overlapping', 'sliding'])(
      `the ${role}'s %s windows give the fixture's perplexity`,
      async (kind) => {
        const fixture = fixtureJson<PerplexityFixture>('perplexity');
        const expected = fixture[role][kind]!;
        const { params, config } = role === 'teacher' ? tinyTeacher() : tinyStudent();
        tapeAnchor(); // Made once per device, by whoever is first.
        const before = tf.memory().numTensors;
        const result = await perplexity(params, config, fixture.tokens, { ...expected, batchSize: 6 });
        expect(result.tokens).toBe(expected.scored_tokens);
        expectClose([result.perplexity], [expected.perplexity], TOLERANCE, 'perplexity');
        expect(tf.memory().numTensors).toBe(before);
        disposeParams(params);
      },
    );
  }
}
