import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './theme.css';
import './frame/frame.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { connectWorker } from './connectWorker';
import { watchSelection } from './measure';
import { watchContextLength } from './watchContextLength';
import { watchStages } from './watchStages';
import { watchTask } from './task/watchTask';
import { watchEstimate } from './watchEstimate';
import { useStudio } from './store';
import { placeOfHash } from './storeView';
import { cssVariablesResolver, theme } from './theme';

// Outside React: StrictMode would start the worker twice.
useStudio.getState().go(placeOfHash(window.location.hash));
void useStudio.getState().open(connectWorker());
watchSelection(useStudio);
watchContextLength(useStudio);
watchEstimate(useStudio);
watchTask(useStudio);
watchStages(useStudio);

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element with the id root');
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
      <App />
    </MantineProvider>
  </StrictMode>,
);
