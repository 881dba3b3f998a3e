import { useTestDevice } from '../testing/gpu';
import { checkPerplexity } from '../testing/perplexityChecks';

useTestDevice();
checkPerplexity();
