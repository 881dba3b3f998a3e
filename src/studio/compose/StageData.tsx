import { Button, Select, Switch } from '@mantine/core';
import { PAPER_CLEANING } from '../../recipe/cleaning';
import { partOf, withRowLength, type RecipeData, type TextData } from '../../recipe/data';
import { isHubSource } from '../../recipe/hubSource';
import { dataOf } from '../../recipe/pipeline';
import { formatCount } from '../charts/format';
import { useCleaning } from '../clean/cleanStore';
import { ErrorCard } from '../pieces/ErrorCard';
import { NumberField } from '../pieces/NumberField';
import { LoadingStrip } from '../pieces/Progress';
import {
  dataWords,
  isMeasuredOn,
  pipelineProblem,
  sharedValidation,
  sourceName,
  withFraction,
  withMeasured,
} from '../stageWords';
import { useStudio } from '../store';
import { isStageBusy, stageCard } from '../storeStages';
import { StageMenu } from './StageMenu';

/** What the open stage learns from, where the recipe has several or the stage has data of its own. */
export function StageData() {
  const index = useStudio((state) => state.stageIndex);
  const recipe = useStudio((state) => state.recipe);
  const problem = useStudio((state) => state.stageProblem);
  const dismiss = useStudio((state) => state.dismissStage);
  const loading = useStudio((state) => (state.loadingStageIndex === index ? state.loadingStage : null));
  const stage = recipe.stages[index];
  if (!stage || (recipe.stages.length < 2 && !stage.data)) return null;
  const order = pipelineProblem(recipe);
  return (
    <section className="stage-source" aria-label={`What stage ${index + 1} learns from`}>
      <div className="between card-head">
        <p className="small">
          <span className="muted">{stage.data ? 'Learns from ' : 'Learns from the run’s data, '}</span>
          {dataWords(dataOf(recipe, stage))}
        </p>
        <StageMenu index={index} />
      </div>
      {order && <ErrorCard error={order} />}
      {problem?.index === index && (
        <ErrorCard
          error={problem.error}
          meaning={problem.data ? 'Without it the run cannot start.' : 'The stage keeps what it had.'}
          onClose={dismiss}
        />
      )}
      {loading && <LoadingStrip loading={loading} />}
      {stage.data && <Fields data={stage.data} index={index} />}
    </section>
  );
}

const OWN = 'own';
const RUN = 'run';

/** Share, length, what it is measured on, and how much that is. */
function Fields({ data, index }: { data: RecipeData; index: number }) {
  const setData = useStudio((state) => state.setStageData);
  const longest = useStudio((state) => state.teacher?.config.nPositions ?? 1024);
  const shared = sharedValidation(useStudio((state) => state.recipe.data));
  const change = (next: RecipeData) => setData(index, next, `stage-data-${index}`);
  const { fraction } = partOf(data.train);
  const length = data.kind === 'lm' ? data.contextLength : data.maxLength;
  return (
    <>
      <div className="stage-fields">
        <NumberField
          label="Share, %"
          value={Number((100 * fraction).toPrecision(4))}
          min={0.001}
          max={100}
          step={0}
          onChange={(percent) => change(withFraction(data, percent / 100))}
        />
        <NumberField
          label={data.kind === 'lm' ? 'Context' : 'Longest input'}
          value={length}
          min={2}
          max={longest}
          step={16}
          integer
          onChange={(tokens) => change(withRowLength(data, tokens))}
        />
        {data.kind === 'lm' && (
          <Select
            size="xs"
            label="Measured on"
            data={[
              { value: OWN, label: `Held out of ${sourceName(partOf(data.train).source)}` },
              { value: RUN, label: 'The run’s text', disabled: shared === null },
            ]}
            value={isMeasuredOn(data, shared) ? RUN : OWN}
            allowDeselect={false}
            onChange={(value) => change(withMeasured(data, value === RUN ? shared : null))}
          />
        )}
      </div>
      <Counts data={data} index={index} />
      {data.kind === 'lm' && <Cleaning data={data} index={index} onChange={change} />}
    </>
  );
}

/** How much the stage's data hold; what would have to be fetched is fetched when asked, or with the run. */
function Counts({ data, index }: { data: RecipeData; index: number }) {
  const card = useStudio((state) => stageCard(state, data));
  const count = useStudio((state) => state.countStage);
  const busy = useStudio(isStageBusy);
  const hub = isHubSource(partOf(data.train).source) || isHubSource(partOf(data.validation).source);
  if (!card) {
    if (!hub) return <p className="tiny faint stage-counts">Counting …</p>;
    return (
      <p className="tiny faint between stage-counts">
        <span>Fetched when the run begins</span>
        <Button variant="subtle" size="compact-xs" disabled={busy} onClick={() => void count(index, true)}>
          Fetch and count now
        </Button>
      </p>
    );
  }
  const text =
    'trainTokens' in card
      ? `${formatCount(card.trainTokens)} tokens, ${formatCount(card.validationTokens)} held out`
      : `${formatCount(card.train.rows)} rows, ${formatCount(card.validation.rows)} for validation`;
  return (
    <>
      <p className="tiny faint stage-counts">{text}</p>
      {'warnings' in card &&
        card.warnings.map((warning) => (
          <p key={warning} className="tiny card-warning">
            {warning}
          </p>
        ))}
    </>
  );
}

/** Whether the stage's text is cleaned as in the paper or by the recipe's own thresholds, and the way to what is in it. */
function Cleaning({ data, index, onChange }: CleaningProps) {
  const show = useCleaning((state) => state.show);
  const busy = useStudio(isStageBusy);
  const own = data.cleaning && JSON.stringify(data.cleaning) !== JSON.stringify(PAPER_CLEANING);
  return (
    <div className="between stage-counts">
      <Switch
        size="xs"
        label={own ? 'Cleaned, with own thresholds' : 'Cleaned as in the paper'}
        checked={data.cleaning !== undefined}
        onChange={(event) => {
          const { cleaning: _, ...raw } = data;
          onChange(event.currentTarget.checked ? { ...raw, cleaning: PAPER_CLEANING } : raw);
        }}
      />
      <button type="button" className="why tiny" disabled={busy} onClick={() => show(true, index)}>
        Look inside, clean<span className="visually-hidden"> the text of stage {index + 1}</span>
      </button>
    </div>
  );
}

interface CleaningProps {
  data: TextData;
  index: number;
  onChange: (data: TextData) => void;
}
