/** The kernels against PyTorch's values, from files on the disk. */
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { checkMateFixtures } from '../../testing/softEmbeddingChecks';

useTestDevice();

onEveryVariant(checkMateFixtures);
