import { onEveryVariant, useTestDevice } from '../testing/gpu';
import { checkHead } from '../testing/headChecks';

useTestDevice();
onEveryVariant(checkHead);
