import { Button, Popover, Tooltip } from '@mantine/core';
import type { Recipe } from '../../recipe/recipe';
import type { Estimate, NearbySetup } from '../../worker/protocol';
import { formatBytes } from '../charts/format';
import { sentence } from '../pieces/ErrorCard';
import { Icon } from '../pieces/Icon';
import { NumberField } from '../pieces/NumberField';
import { useStudio } from '../store';
import './fit.css';
import { inUnitOf, nearbyCost, nearbyLabel, segmentsOf, verdictOf } from './fitWords';

const GB = 1e9;
// More would not stand beside the sentence.
const BUTTONS = 3;

/** What a run may take, and the field that changes it. No browser tells how much memory a GPU has. */
function Budget({ budget }: Pick<Estimate, 'budget'>) {
  const setMemoryBudget = useStudio((state) => state.setMemoryBudget);
  return (
    <Popover width={330} position="top-start" withinPortal shadow="none" trapFocus>
      <Popover.Target>
        <button type="button" className="why">
          {budget.assumed ? 'this device is taken to have' : 'as you set it'}
        </button>
      </Popover.Target>
      <Popover.Dropdown className="explain" aria-label="Memory a run may take">
        <h3>Memory a run may take</h3>
        <p>
          No browser tells how much memory a GPU has. Decant takes half of what it is told this machine has,
          and 4 GB where it is told nothing.
        </p>
        <NumberField
          label="Memory, GB"
          value={Number((budget.bytes / GB).toFixed(4))}
          min={0.001}
          max={4096}
          step={1}
          onChange={(value) => setMemoryBudget(Math.round(value * GB))}
        />
        {!budget.assumed && (
          <Button size="xs" onClick={() => setMemoryBudget(null)}>
            Back to half of the memory
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function Bar({ estimate, recipe }: { estimate: Estimate; recipe: Recipe }) {
  const { bytes, budget } = estimate;
  const segments = segmentsOf(estimate, recipe);
  const whole = Math.max(bytes, budget.bytes);
  const over = bytes > budget.bytes;
  const { unit, show } = inUnitOf(bytes);
  const limit = `${(100 * budget.bytes) / whole}%`;
  const spoken = segments.map((segment) => `${segment.label} ${show(segment.bytes)}`).join(', ');
  return (
    <>
      <div
        className={over ? 'mem over' : 'mem'}
        role="img"
        aria-label={`Memory by part in ${unit}: ${spoken}; limit ${formatBytes(budget.bytes)}`}
      >
        {segments.map(({ id, bytes: own }) => (
          <i key={id} className={`mem-${id}`} style={{ width: `${(100 * own) / whole}%` }} />
        ))}
        {over && <b style={{ left: limit }} />}
        {over && <s style={{ left: limit }} />}
      </div>
      <p className="mem-key" aria-hidden="true">
        <span className="faint">in {unit}</span>
        {segments.map(({ id, label, bytes: own }) => (
          <span key={id}>
            <i className={`mem-${id}`} />
            {label} {show(own)}
          </span>
        ))}
        {over ? (
          <span>
            <b />
            limit {formatBytes(budget.bytes)}
          </span>
        ) : (
          <span>
            <i className="mem-free" />
            free {formatBytes(budget.bytes - bytes)}
          </span>
        )}
      </p>
    </>
  );
}

/** One click changes the recipe; undo takes it back. */
function Way({ near, recipe, stale }: { near: NearbySetup; recipe: Recipe; stale: boolean }) {
  const edit = useStudio((state) => state.edit);
  const needs = formatBytes(near.bytes);
  return (
    <Tooltip label={`${nearbyCost(near)}; needs ${needs}`} multiline maw={300}>
      <Button size="compact-xs" disabled={stale} onClick={() => edit(() => near.recipe)}>
        {nearbyLabel(near, recipe)} <span className="way-bytes">{needs}</span>
        <span className="visually-hidden">: {nearbyCost(near)}</span>
      </Button>
    </Tooltip>
  );
}

/** What the run will need, part by part, against what it may take; and the ways out when that is too little. */
export function FitBar() {
  const recipe = useStudio((state) => state.recipe);
  const estimate = useStudio((state) => state.estimate);
  const estimateOf = useStudio((state) => state.estimateOf);
  const problem = useStudio((state) => state.problems.estimate);
  const running = useStudio((state) => state.activeRunId !== null);
  if (!estimate || !estimateOf) {
    return (
      <div className="fit" aria-busy={!problem}>
        <p className="small muted">
          {problem
            ? `What the run will need is not known: ${sentence(problem.message)}`
            : 'Working out what the run will need …'}
        </p>
        <div className="mem" />
      </div>
    );
  }
  const stale = estimateOf !== recipe;
  const verdict = verdictOf(estimate, estimateOf);
  const { budget, basis, largestBytes, limits, nearest } = estimate;
  return (
    <div className={stale ? 'fit stale' : 'fit'} aria-busy={stale && !running}>
      <div className="fit-line small">
        <p role="status">
          {verdict.tone === 'over' && <Icon name="error" />}
          <span className="fit-sentence" title={`${verdict.of}${verdict.rest}`}>
            <b>{verdict.head}</b>{' '}
            <span className="muted">
              {verdict.of} {verdict.of && <Budget budget={budget} />}
              {verdict.rest}
            </span>
          </span>
        </p>
        {verdict.tone === 'over' ? (
          <div className="fit-ways">
            {nearest.slice(0, BUTTONS).map((near) => (
              <Way key={near.ways.join()} near={near} recipe={estimateOf} stale={stale} />
            ))}
          </div>
        ) : (
          <span className="faint fit-buffer">
            {stale && running
              ? 'after the run'
              : basis === 'trace' &&
                `largest buffer ${formatBytes(largestBytes)} of ${formatBytes(limits.maxBufferSize)}`}
          </span>
        )}
      </div>
      <Bar estimate={estimate} recipe={estimateOf} />
    </div>
  );
}
