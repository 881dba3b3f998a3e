import { Button, CloseButton } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ErrorReport } from '../../worker/protocol';
import { Icon } from './Icon';

/** A sentence begins with a capital; messages of the session begin with the thing they name. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  // A name such as config.json or owner/model stays as it is written.
  const word = /^[a-z]+(?=[\s,:;’.]|$)(?!\.\S)/.test(trimmed);
  const first = word ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

export interface ErrorCardProps {
  error: ErrorReport;
  /** What it means for the work, where the place knows. */
  meaning?: string;
  action?: { label: string; run: () => void } | undefined;
  /** Further ways out. */
  children?: ReactNode;
  onClose?: (() => void) | undefined;
}

/** What happened, what it means, what to do; the button repeats the third. */
export function ErrorCard({ error, meaning, action, children, onClose }: ErrorCardProps) {
  return (
    <div className="banner bad" role="alert">
      <Icon name="error" />
      <div className="grow error-text">
        <p>
          <b>{sentence(error.message)}</b>
        </p>
        {meaning && <p>{meaning}</p>}
        {error.hint && <p>{sentence(error.hint)}</p>}
        {children}
      </div>
      {action && (
        <Button size="xs" onClick={action.run}>
          {action.label}
        </Button>
      )}
      {onClose && <CloseButton size="sm" aria-label="Close the message" onClick={onClose} />}
    </div>
  );
}
