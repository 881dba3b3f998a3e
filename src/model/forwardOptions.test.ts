import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe } from 'vitest';
import { openDevice } from '../engine/device';
import { checkForwardOptions } from '../testing/forwardOptionChecks';

beforeAll(async () => {
  await openDevice({ prefer: 'cpu' });
});

describe('GPT-2 with dropout and recompute on the reference path', checkForwardOptions);
