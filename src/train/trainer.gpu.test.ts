import { describe, beforeAll, afterAll } from 'vitest';
import { setVariants } from '../engine/variants';
import { useTestDevice } from '../testing/gpu';
import { checkTrace, checkTraining } from '../testing/trainingChecks';

useTestDevice();

describe('software kernels', checkTraining);

describe('hardware kernels', () => {
  beforeAll(() => setVariants('hardware'));
  afterAll(() => setVariants('software'));
  // Their barriers make a software adapter slow: the trace that uses every kernel has to do.
  checkTrace('vanilla-kd');
});
