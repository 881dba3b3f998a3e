import { describe } from 'vitest';
import { useTestDevice } from '../testing/gpu';
import { checkRail } from '../testing/railChecks';

useTestDevice();

describe('on WebGPU', checkRail);
