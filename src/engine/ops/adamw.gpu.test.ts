import { describeAdamW } from '../../testing/adamwChecks';
import { useTestDevice } from '../../testing/gpu';

useTestDevice();
describeAdamW();
