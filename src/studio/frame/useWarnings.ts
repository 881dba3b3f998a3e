import { notifications } from '@mantine/notifications';
import { useEffect } from 'react';
import { sentence } from '../pieces/ErrorCard';
import { useStudio } from '../store';

/** Sentences from the session become toasts; they stay under pointer or focus and ask for nothing. */
export function useWarnings(): void {
  const warnings = useStudio((state) => state.warnings);
  const dismiss = useStudio((state) => state.dismissWarning);
  useEffect(() => {
    for (const message of warnings) {
      notifications.show({
        ...{ id: message, message: sentence(message), autoClose: 8000, color: 'gray' },
        closeButtonProps: { 'aria-label': 'Close the note' },
      });
      dismiss(message);
    }
  }, [warnings, dismiss]);
}
