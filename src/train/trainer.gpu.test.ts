import { onEveryVariant, useTestDevice } from '../testing/gpu';
import { checkTraining } from '../testing/trainingChecks';

useTestDevice();
onEveryVariant(checkTraining);
