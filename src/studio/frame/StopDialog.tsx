import { Button, Modal } from '@mantine/core';
import { useStudio } from '../store';

/** Asks before a run ends; the focus is on the safe button. */
export function StopDialog() {
  const asked = useStudio((state) => state.stopAsked);
  const askToStop = useStudio((state) => state.askToStop);
  const control = useStudio((state) => state.control);
  const run = useStudio((state) => state.runs.find((each) => each.id === state.activeRunId));
  const close = () => askToStop(false);
  return (
    <Modal
      opened={asked && run !== undefined}
      onClose={close}
      title={`Stop “${run?.name ?? ''}”?`}
      size={420}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p>The run ends at this step and cannot go on. Its student, charts and recipe stay.</p>
      <p className="muted small dialog-note">To look at something in between, pause instead.</p>
      <div className="between dialog-buttons">
        <Button
          className="danger-button"
          onClick={() => {
            close();
            void control('stop');
          }}
        >
          Stop the run
        </Button>
        <Button data-autofocus onClick={close}>
          Let it run
        </Button>
      </div>
    </Modal>
  );
}
