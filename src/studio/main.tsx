import { connectWorker } from './connectWorker';
import { watchSelection } from './measure';
import { watchContextLength } from './watchContextLength';
import { watchStages } from './watchStages';
import { watchTask } from './task/watchTask';
import { watchEstimate } from './watchEstimate';
import { useStudio } from './store';
import { placeOfHash } from './storeView';

// Outside React: StrictMode would start the worker twice. And before it: the worker loads while the page does.
useStudio.getState().go(placeOfHash(window.location.hash));
void useStudio.getState().open(connectWorker());
watchSelection(useStudio);
watchContextLength(useStudio);
watchEstimate(useStudio);
watchTask(useStudio);
watchStages(useStudio);

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element with the id root');
void import('./page').then(({ drawPage }) => drawPage(root));
