import { CloseButton } from '@mantine/core';
import { useState } from 'react';
import { connectWorker } from '../connectWorker';
import { ErrorCard, sentence } from '../pieces/ErrorCard';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';

/** Says that there is no GPU, what that means, and where it would be faster. Once closed it stays closed. */
function SlowDevice() {
  const device = useStudio((state) => state.device);
  const [closed, setClosed] = useState(false);
  if (!device?.reason || closed) return null;
  return (
    <div className="banner" role="status">
      <Icon name="warn" />
      <div className="grow">
        <p>
          <b>Training runs on the processor: {device.description}.</b> {sentence(device.reason)}{' '}
          <span className="muted">
            Results are the same, only slower; the demo teacher is small enough for it. With a graphics card,
            open this page in a current Chrome or Edge.
          </span>
        </p>
      </div>
      <CloseButton size="sm" aria-label="Close the note on the device" onClick={() => setClosed(true)} />
    </div>
  );
}

/** What concerns the whole page: a slow device, a lost session, sentences of warning. */
export function Banners() {
  const problem = useStudio((state) => state.problems.session);
  const runProblem = useStudio((state) => state.problems.run);
  const dismiss = useStudio((state) => state.dismiss);
  const open = useStudio((state) => state.open);
  return (
    <div className="banners">
      {problem && (
        <ErrorCard
          error={problem}
          meaning="Students that were not exported are gone; the recipe and the finished runs' charts stay."
          action={{ label: 'Start again', run: () => void open(connectWorker()) }}
        />
      )}
      {runProblem && <ErrorCard error={runProblem} onClose={() => dismiss('run')} />}
      <SlowDevice />
    </div>
  );
}
