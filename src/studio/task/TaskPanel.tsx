import { formatCount } from '../charts/format';
import { DataMenu } from '../compose/TextPanel';
import { ErrorCard } from '../pieces/ErrorCard';
import { LoadingStrip } from '../pieces/Progress';
import { useStudio } from '../store';
import type { majorityOf } from './counts';
import { balanceOf, cutText } from './counts';
import { SeenTokens } from './SeenTokens';
import { Counts, LeftOut } from './TaskFacts';
import { wholeLabel } from './taskWords';
import { useTaskCard, useTaskData } from './useTask';

/** `2, 55.8 % positive` */
function labelsText(card: Parameters<typeof majorityOf>[0]): string {
  const most = balanceOf(card, 'train').reduce((best, one) => (one.rows > best.rows ? one : best));
  return `${card.labels.length}, ${(100 * most.share).toFixed(1)} % ${most.label}`;
}

/** The task: which, how many rows and labels, and its first row as the model sees it. */
export function TaskPanel() {
  const data = useTaskData();
  const { card, stale } = useTaskCard(data);
  const loading = useStudio((state) => state.loadingTask);
  const problem = useStudio((state) => state.problems.task);
  const dismiss = useStudio((state) => state.dismiss);
  const editor = useStudio((state) => state.taskEditor);
  const open = useStudio((state) => state.openTaskEditor);
  if (!data) return null;
  const first = card?.preview[0];
  return (
    <section className="card text-card" aria-label="Task">
      <div className="between card-head">
        <h2>Task</h2>
        <DataMenu of="the task" />
      </div>
      {/* The editor shows both itself. */}
      {!editor && problem && (
        <ErrorCard
          error={problem}
          meaning="The task stays the recipe’s. A run waits for its rows."
          action={{ label: 'Try again', run: () => dismiss('task') }}
        />
      )}
      {!editor && loading && <LoadingStrip loading={loading} />}
      <p className="muted">{wholeLabel(data.task)}</p>
      {card && first && (
        <div className={stale ? 'task-stale' : undefined}>
          <div className="row task-kv">
            <Counts card={card} />
            <dl className="kv">
              <div>
                <dt>Labels</dt>
                <dd>{labelsText(card)}</dd>
              </div>
            </dl>
          </div>
          <div className="sees">
            <div className="sees-lines">
              <SeenTokens row={first} name="Row 1" />
            </div>
          </div>
          <p className="tiny faint between sees-note">
            <span>
              Row 1 of {formatCount(card.train.inputs)}, {first.label} · {cutText(card)}
            </span>
            {!editor && (
              <button type="button" className="why" onClick={() => open()}>
                Edit the task
              </button>
            )}
          </p>
          {!editor && <LeftOut card={card} />}
        </div>
      )}
    </section>
  );
}
