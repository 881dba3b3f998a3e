/** What is in the text and what cleaning leaves of it, in the board's place. */
import { Button, Select, Switch } from '@mantine/core';
import { cleaningSchema, PAPER_CLEANING, type CleaningSettings } from '../../recipe/cleaning';
import { toCsv } from '../charts/csv';
import { saveText } from '../charts/figure';
import { formatBytes, formatCount } from '../charts/format';
import { ErrorCard } from '../pieces/ErrorCard';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { BeforeAfter } from './BeforeAfter';
import './clean.css';
import { PART_BYTES, useCleaning } from './cleanStore';
import { StepExamples } from './StepExamples';
import { reportTable } from './steps';
import { StepsTable } from './StepsTable';
import { Survey } from './Survey';
import { useCleaningSettings } from './useCleaningSettings';

/** Which part is looked at, and how far that is. */
function PartChoice() {
  const { bytes, setBytes, counting, progress, report } = useCleaning();
  const size = report && formatBytes(report.survey.bytes);
  const part = report?.whole ? `the whole text, ${size}` : `the first ${size}`;
  return (
    <>
      <Select
        size="xs"
        w={150}
        aria-label="How much of the text is looked at"
        data={PART_BYTES.map((size) => ({ value: String(size), label: `First ${formatBytes(size)}` }))}
        value={String(bytes)}
        allowDeselect={false}
        onChange={(value) => value !== null && setBytes(Number(value))}
      />
      <span className="small muted" role="status">
        {counting ? `Counting, ${Math.round(100 * progress)} % …` : report && `Counted on ${part}`}
      </span>
    </>
  );
}

function CleaningHead({ settings }: { settings: CleaningSettings | undefined }) {
  const { report, show, stage } = useCleaning();
  const { change } = useCleaningSettings();
  const save = (cleaning: NonNullable<typeof report>['cleaning']) => {
    if (!cleaning) return;
    const { head, rows } = reportTable(cleaning);
    saveText(toCsv(head, rows), 'decant-cleaning.csv', 'text/csv');
  };
  return (
    <header className="between clean-head">
      <div className="row">
        <h2>Cleaning{stage === null ? '' : `, the text of stage ${stage + 1}`}</h2>
        <PartChoice />
      </div>
      <div className="row">
        <Switch
          size="xs"
          label="Clean this text"
          checked={settings !== undefined}
          onChange={(event) => change(event.currentTarget.checked ? cleaningSchema.parse({}) : undefined)}
        />
        <Button
          size="xs"
          variant="subtle"
          disabled={settings === undefined}
          leftSection={<Icon name="reset" size={14} />}
          onClick={() => change(PAPER_CLEANING)}
        >
          The paper’s settings
        </Button>
        <Button
          size="xs"
          disabled={!report?.cleaning}
          leftSection={<Icon name="download" size={14} />}
          onClick={() => save(report?.cleaning)}
        >
          Report, CSV
        </Button>
        <Button
          size="xs"
          variant="subtle"
          leftSection={<Icon name="close" size={14} />}
          onClick={() => show(false)}
        >
          Back to the layers
        </Button>
      </div>
    </header>
  );
}

export function CleaningPlace() {
  const { report, error } = useCleaning();
  const text = useStudio((state) => state.text);
  const { settings } = useCleaningSettings();
  return (
    <div className="clean-place">
      <section className="card" aria-label="Cleaning steps">
        <CleaningHead settings={settings} />
        {error && <ErrorCard error={error} onClose={() => useCleaning.setState({ error: null })} />}
        {!settings && (
          <p className="small muted clean-off">
            {text?.name ?? 'The text'} is learned from as it is. Cleaned as in section 3.4 of the paper, HTML,
            short sentences, sentences of signs and what stands there twice would go.
          </p>
        )}
        {settings && report?.cleaning && <StepsTable report={report} settings={settings} />}
      </section>
      {settings && report?.cleaning && (
        <>
          <StepExamples report={report.cleaning} settings={settings} />
          <BeforeAfter documents={report.survey.documents} />
        </>
      )}
      {report && <Survey report={report} />}
      {report?.warnings.map((warning) => (
        <p key={warning} className="tiny card-warning">
          <Icon name="warn" size={12} /> {warning}
        </p>
      ))}
      <p className="visually-hidden" role="status">
        {report && `${formatCount(report.survey.documents)} documents looked at`}
      </p>
    </div>
  );
}
