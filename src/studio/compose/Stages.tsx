import { ActionIcon, Tooltip } from '@mantine/core';
import { dataOf } from '../../recipe/pipeline';
import type { Stage } from '../../recipe/recipe';
import { Icon, type IconName } from '../pieces/Icon';
import { useStudio } from '../store';
import { dataWords, nextStageData, stageVerb, withStageMoved } from '../stageWords';
import { lengthText } from './trainingLine';
import './stages.css';

/** The paper's longest pipeline: pre-train, fine-tune on text, the six tasks of its table 5. */
const MOST_STAGES = 8;

/** The stages of the recipe in order; one is open below. */
export function Stages() {
  const recipe = useStudio((state) => state.recipe);
  const open = useStudio((state) => state.stageIndex);
  const edit = useStudio((state) => state.edit);
  const openStage = useStudio((state) => state.openStage);
  const { stages } = recipe;

  const add = () => {
    const last = stages.at(-1);
    if (!last) return;
    // After distilling, the paper's pipelines go on with plain fine-tuning.
    const method = last.method === 'vanilla-kd' ? 'fine-tune' : 'vanilla-kd';
    const { data: _, ...rest } = last;
    const data = nextStageData(recipe);
    const next = { ...rest, method, settings: {}, ...(data && { data }) };
    edit((old) => ({ ...old, stages: [...old.stages, next] }));
    openStage(stages.length);
  };
  return (
    <div className={stages.length > 1 ? 'stages several' : 'stages'} role="group" aria-label="Stages">
      {stages.map((stage, index) => (
        <StageRow key={index} stage={stage} index={index} open={index === open} />
      ))}
      {stages.length < MOST_STAGES && (
        <Tooltip label="Add a stage that goes on with the student of the one before">
          <button type="button" className="stage add" onClick={add}>
            <Icon name="plus" size={14} />
            <span>Stage</span>
          </button>
        </Tooltip>
      )}
    </div>
  );
}

/** `2 Distil  200 steps  Demo text`; of the open one of several also what moves and removes it. */
function StageRow({ stage, index, open }: { stage: Stage; index: number; open: boolean }) {
  const recipe = useStudio((state) => state.recipe);
  const methods = useStudio((state) => state.methods);
  const problem = useStudio((state) => state.stageProblem?.index === index);
  const openStage = useStudio((state) => state.openStage);
  const several = recipe.stages.length > 1;
  const verb = stageVerb(recipe, stage, methods);
  return (
    <div className={open ? 'stage open' : 'stage'}>
      <button type="button" aria-pressed={open} onClick={() => openStage(index)}>
        {several && <span className="stage-number">{index + 1}</span>}
        <b>{verb}</b>
        <span>{lengthText(stage)}</span>
        {several && <span className="stage-data">{dataWords(dataOf(recipe, stage))}</span>}
        {problem && (
          <span className="stage-bad" title="Its data could not be read">
            <Icon name="error" size={13} />
            <span className="visually-hidden">Its data could not be read</span>
          </span>
        )}
      </button>
      {several && open && <StageActions index={index} name={`stage ${index + 1}, ${verb}`} />}
    </div>
  );
}

/** Earlier, later, away. */
function StageActions({ index, name }: { index: number; name: string }) {
  const recipe = useStudio((state) => state.recipe);
  const edit = useStudio((state) => state.edit);
  const openStage = useStudio((state) => state.openStage);
  const dismiss = useStudio((state) => state.dismissStage);
  const loading = useStudio((state) => state.loadingStage !== null && state.stageAsked);
  const move = (by: -1 | 1) => {
    const moved = withStageMoved(recipe, index, by);
    if (!moved) return;
    dismiss();
    edit(() => moved);
    openStage(index + by);
  };
  const remove = () => {
    dismiss();
    edit((old) => ({ ...old, stages: old.stages.filter((_, i) => i !== index) }));
    openStage(Math.max(0, Math.min(index, recipe.stages.length - 2)));
  };
  const action = (icon: IconName, label: string, run: () => void, disabled = false) => (
    <ActionIcon
      variant="subtle"
      size={22}
      aria-label={`${label} ${name}`}
      title={label}
      disabled={disabled || loading}
      onClick={run}
    >
      <Icon name={icon} size={12} />
    </ActionIcon>
  );
  return (
    <span className="stage-actions">
      {action('up', 'Move up', () => move(-1), !withStageMoved(recipe, index, -1))}
      {action('chevron', 'Move down', () => move(1), !withStageMoved(recipe, index, 1))}
      {action('close', 'Remove', remove)}
    </span>
  );
}
