/** The kernels against PyTorch's values, from files on the disk. */
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { checkLossFixtures } from '../../testing/lossChecks';

useTestDevice();
onEveryVariant(checkLossFixtures);
