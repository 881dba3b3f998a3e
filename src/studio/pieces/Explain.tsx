import { Popover } from '@mantine/core';
import type { ReactNode } from 'react';

export interface ExplainProps {
  label: string;
  value?: string;
  formula?: ReactNode;
  /** One sentence. */
  children: ReactNode;
  /** Measured on, windows, unit. */
  facts?: readonly (readonly [name: string, value: string])[];
}

/** A label with a dotted underline; a click explains its number. */
export function Explain({ label, value, formula, children, facts = [] }: ExplainProps) {
  return (
    <Popover width={330} position="top-start" withinPortal trapFocus={false} shadow="none">
      <Popover.Target>
        <button type="button" className="why">
          {label}
        </button>
      </Popover.Target>
      <Popover.Dropdown className="explain" aria-label={label}>
        <div className="between">
          <h3>{label}</h3>
          {value && <b>{value}</b>}
        </div>
        {formula && <p className="explain-formula">{formula}</p>}
        <p>{children}</p>
        {facts.length > 0 && (
          <dl>
            {facts.map(([name, text]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
