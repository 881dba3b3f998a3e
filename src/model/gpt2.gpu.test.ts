import { onEveryVariant, useTestDevice } from '../testing/gpu';
import { checkForwardAndGradients } from '../testing/gpt2Checks';

useTestDevice();
onEveryVariant(checkForwardAndGradients);
