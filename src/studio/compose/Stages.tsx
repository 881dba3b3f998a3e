import { ActionIcon, Tooltip } from '@mantine/core';
import { Fragment } from 'react';
import { partOf } from '../../recipe/data';
import type { Stage } from '../../recipe/recipe';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { lengthText } from './trainingLine';

/** More do not fit beside each other, and the paper's pipelines have three. */
const MOST_STAGES = 3;

/** The stages of the recipe in order; one is open below. */
export function Stages() {
  const stages = useStudio((state) => state.recipe.stages);
  const open = useStudio((state) => state.stageIndex);
  const methods = useStudio((state) => state.methods);
  const openStage = useStudio((state) => state.openStage);
  const edit = useStudio((state) => state.edit);
  // What a stage does; the method that does it stands below.
  const labelOf = (stage: Stage) =>
    methods.find(({ id }) => id === stage.method)?.needsTeacher ? 'Distil' : 'Fine-tune';

  const add = () => {
    const last = stages.at(-1);
    if (!last) return;
    // After distilling, the paper's pipelines go on with plain fine-tuning.
    const method = last.method === 'vanilla-kd' ? 'fine-tune' : 'vanilla-kd';
    edit((old) => ({ ...old, stages: [...old.stages, { ...last, method, settings: {} }] }));
    openStage(stages.length);
  };
  const remove = (index: number) => {
    edit((old) => ({ ...old, stages: old.stages.filter((_, i) => i !== index) }));
    openStage(Math.max(0, Math.min(open, stages.length - 2)));
  };

  return (
    <div className="stages" role="group" aria-label="Stages">
      {stages.map((stage, index) => (
        <Fragment key={index}>
          {index > 0 && <Icon name="arrow" size={14} />}
          <div className={index === open ? 'stage open' : 'stage'}>
            <button type="button" aria-pressed={index === open} onClick={() => openStage(index)}>
              <b>{labelOf(stage)}</b>
              <span>{lengthText(stage)}</span>
              {stage.data && (
                <span>{stage.data.kind === 'task' ? stage.data.task : partOf(stage.data.train).source}</span>
              )}
            </button>
            {stages.length > 1 && index === open && (
              <ActionIcon
                variant="subtle"
                size={20}
                aria-label={`Remove the stage ${labelOf(stage)}`}
                onClick={() => remove(index)}
              >
                <Icon name="close" size={12} />
              </ActionIcon>
            )}
          </div>
        </Fragment>
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
