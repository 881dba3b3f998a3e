/** The paper's tables with the user's runs of this visit beside them, what differs, and where the paper disagrees. */
import { Button, SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { SectionId } from '../../paper/sections';
import { paperSheet, type Sheet } from '../../paper/sheet';
import { sheetLatex, sheetMarkdown, sheetTable } from '../../paper/sheetFiles';
import { toCsv } from '../charts/csv';
import { saveText } from '../charts/figure';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { ownRun } from './ownRuns';
import { PaperTable } from './PaperTable';
import { usePaper } from './paperStore';
import './paper.css';

const CHOICES: { value: SectionId | 'all'; label: string }[] = [
  { value: 'pre-training', label: 'Tables 3 and 4' },
  { value: 'glue', label: 'Tables 1 and 2' },
  { value: 'cleaning', label: 'Table 5' },
  { value: 'truncation', label: 'Table 7' },
  { value: 'all', label: 'All' },
];

export function PaperView() {
  const [shown, setShown] = useState<SectionId | 'all'>('all');
  const swapped = usePaper((state) => state.swapped);
  const runs = useStudio((state) => state.runs);
  const sheet = useMemo(
    () => paperSheet(runs.map(ownRun), { sections: shown === 'all' ? undefined : [shown], swapped }),
    [runs, shown, swapped],
  );
  return (
    <>
      <div className="row paper-bar">
        <SegmentedControl
          size="xs"
          aria-label="Which tables"
          data={CHOICES}
          value={shown}
          onChange={(value) => setShown(value)}
        />
        <Legend />
        <span className="grow" />
        <Exports sheet={sheet} />
      </div>
      <div className="paper-grid">
        <div className="paper-tables">
          {sheet.sections.map((section) => (
            <PaperTable key={section.id} section={section} />
          ))}
        </div>
        <Notes sheet={sheet} />
      </div>
    </>
  );
}

function Legend() {
  return (
    <span className="row small muted paper-legend">
      <i className="paper-ink" aria-hidden="true" /> own run, mean ± s.d. over seeds
      <i className="paper-grey" aria-hidden="true" /> printed in the paper
      <span className="paper-odd">
        <Icon name="warn" size={12} />
        here
      </span>
      the paper disagrees with itself
    </span>
  );
}

function Exports({ sheet }: { sheet: Sheet }) {
  const csv = () => {
    const { head, rows } = sheetTable(sheet);
    saveText(toCsv(head, rows), 'decant-paper.csv', 'text/csv');
  };
  return (
    <>
      <Button size="xs" onClick={csv}>
        <Icon name="download" />
        &nbsp;CSV
      </Button>
      <Button size="xs" onClick={() => saveText(sheetLatex(sheet), 'decant-paper.tex', 'application/x-tex')}>
        LaTeX
      </Button>
      <Button size="xs" onClick={() => saveText(sheetMarkdown(sheet), 'decant-paper.md', 'text/markdown')}>
        Markdown
      </Button>
    </>
  );
}

function Notes({ sheet }: { sheet: Sheet }) {
  const { swapped, setSwapped } = usePaper();
  const { differences, disagreements } = sheet;
  return (
    <section className="card paper-notes" aria-label="Notes">
      <h2>What differs from the paper</h2>
      {differences.length === 0 ? (
        <p className="small muted">
          A run of this visit that repeats a row of the paper stands below it, with what differs listed here.
          Run takes the row’s recipe into Compose.
        </p>
      ) : (
        <dl className="paper-letters small">
          {differences.map(({ mark, text }) => (
            <div key={text}>
              <dt>{mark}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
      <p className="tiny faint">“apart” is own minus printed; it is no ranking.</p>
      <h2 className="row paper-disagrees">
        <Icon name="warn" /> Where the paper disagrees with itself
      </h2>
      <ol className="small">
        {disagreements.map(({ number, text, cite, id }) => (
          <li key={id}>
            <b>{number}</b>
            <div>
              <p>{text}</p>
              <p className="tiny faint">
                {cite} {id === 'swapped' && swapped ? 'Shown swapped.' : 'Shown as printed.'}
              </p>
              {id === 'swapped' && (
                <Button size="xs" aria-pressed={swapped} onClick={() => setSwapped(!swapped)}>
                  {swapped ? 'Show as printed' : 'Show with the two columns swapped'}
                </Button>
              )}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
