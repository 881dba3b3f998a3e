/** What each step took out, three at a time. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { CleaningSettings } from '../../recipe/cleaning';
import type { TextReport } from '../../worker/protocol';
import { formatCount } from '../charts/format';
import { stepRows, type Example, type StepRow } from './steps';

const SHOWN = 3;

/** A changed line shows what is left below what it was; one that went is struck. */
function ExampleLine({ example: { text, after, reason } }: { example: Example }) {
  return (
    <li>
      <p className="mono">
        <del>{text}</del>
        {after !== undefined && (
          <>
            {' '}
            <ins>{after}</ins>
          </>
        )}
      </p>
      <span className="tiny muted">{reason}</span>
    </li>
  );
}

function ExampleCard({ row, changed }: { row: StepRow; changed: number }) {
  const [from, setFrom] = useState(0);
  const { examples } = row;
  const start = examples.length === 0 ? 0 : from % examples.length;
  const shown = [...examples.slice(start), ...examples.slice(0, start)].slice(0, SHOWN);
  const taken = row.samplesIn - row.samplesOut;
  return (
    <section
      className={row.stale ? 'card clean-examples stale' : 'card clean-examples'}
      aria-label={row.label}
    >
      <div className="between">
        <h3>{row.label}</h3>
        <span className="tiny faint">
          {changed > 0 && `${formatCount(changed)} changed, `}
          {formatCount(taken)} taken out
        </span>
      </div>
      {shown.length === 0 ? (
        <p className="small muted">{row.on ? 'Nothing was taken out.' : 'This step is off.'}</p>
      ) : (
        <ul>
          {shown.map((example, i) => (
            <ExampleLine key={i} example={example} />
          ))}
        </ul>
      )}
      {examples.length > SHOWN && (
        <Button size="xs" variant="subtle" onClick={() => setFrom(start + SHOWN)}>
          Three others<span className="visually-hidden"> of {row.label}</span>
        </Button>
      )}
    </section>
  );
}

export function StepExamples({
  report,
  settings,
}: {
  report: NonNullable<TextReport['cleaning']>;
  settings: CleaningSettings;
}) {
  const rows = stepRows(report, settings);
  return (
    <div className="clean-cards">
      {rows.map((row) => {
        const html = row.id === 'html';
        const examples = html ? [...report.changedExamples, ...row.examples] : row.examples;
        return <ExampleCard key={row.id} row={{ ...row, examples }} changed={html ? report.changed : 0} />;
      })}
    </div>
  );
}
