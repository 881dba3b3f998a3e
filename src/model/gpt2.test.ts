import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe } from 'vitest';
import { openDevice } from '../engine/device';
import { checkForwardAndGradients } from '../testing/gpt2Checks';

beforeAll(async () => {
  await openDevice({ prefer: 'cpu' });
});

describe('GPT-2 on the reference path', checkForwardAndGradients);
