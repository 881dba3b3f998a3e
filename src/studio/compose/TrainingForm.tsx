import { Select } from '@mantine/core';
import type { Optimizer, Stage } from '../../recipe/recipe';
import { NumberField } from '../pieces/NumberField';
import { useStudio } from '../store';
import { RunFields } from './RunFields';

const SCHEDULES: { value: Optimizer['schedule']; label: string }[] = [
  { value: 'linear', label: 'Linear' },
  { value: 'cosine', label: 'Cosine' },
  { value: 'constant', label: 'Constant' },
];

/** Recomputed ones take less than half the memory and about a quarter more time. */
const ACTIVATIONS = [
  { value: 'keep', label: 'Keep' },
  { value: 'recompute', label: 'Recompute per block' },
];

/** The stage's own settings: length, batch, optimiser. */
function StageFields({ stage }: { stage: Stage }) {
  const editStage = useStudio((state) => state.editStage);
  const { optimizer } = stage;
  const set = (part: Partial<Stage>) => editStage((old) => ({ ...old, ...part }));
  const tune = (part: Partial<Optimizer>) =>
    editStage((old) => ({ ...old, optimizer: { ...old.optimizer, ...part } }));
  return (
    <>
      {stage.epochs === undefined ? (
        <NumberField
          label="Steps"
          value={stage.steps ?? 200}
          min={1}
          max={1e6}
          step={50}
          integer
          onChange={(steps) => set({ steps })}
        />
      ) : (
        <NumberField
          label="Epochs"
          value={stage.epochs}
          min={0.01}
          max={1000}
          step={1}
          onChange={(epochs) => set({ epochs })}
        />
      )}
      <Select
        size="xs"
        label="Length in"
        data={['steps', 'epochs']}
        value={stage.epochs === undefined ? 'steps' : 'epochs'}
        allowDeselect={false}
        onChange={(unit) =>
          set(unit === 'epochs' ? { epochs: 1, steps: undefined } : { steps: 200, epochs: undefined })
        }
      />
      <NumberField
        label="Batch size"
        value={stage.batchSize}
        min={1}
        max={1024}
        step={1}
        integer
        onChange={(batchSize) => set({ batchSize })}
      />
      <NumberField
        label="Accumulation"
        value={stage.gradAccumSteps}
        min={1}
        max={1024}
        step={1}
        integer
        onChange={(gradAccumSteps) => set({ gradAccumSteps })}
      />
      <NumberField
        label="Learning rate"
        value={optimizer.learningRate}
        min={0}
        max={1}
        step={0}
        onChange={(learningRate) => tune({ learningRate })}
      />
      <NumberField
        label="Warm-up, steps"
        value={optimizer.warmupSteps}
        min={0}
        max={1e6}
        step={10}
        integer
        onChange={(warmupSteps) => tune({ warmupSteps })}
      />
      <Select
        size="xs"
        label="Schedule"
        data={SCHEDULES}
        value={optimizer.schedule}
        allowDeselect={false}
        onChange={(schedule) => schedule && tune({ schedule })}
      />
      <NumberField
        label="Weight decay"
        value={optimizer.weightDecay}
        min={0}
        max={1}
        step={0.01}
        onChange={(weightDecay) => tune({ weightDecay })}
      />
      <NumberField
        label="Clip at norm (0: off)"
        value={optimizer.gradClip}
        min={0}
        max={1000}
        step={0.5}
        onChange={(gradClip) => tune({ gradClip })}
      />
      <NumberField
        label="Dropout (0: off)"
        value={stage.dropout}
        min={0}
        max={0.9}
        step={0.05}
        onChange={(dropout) => set({ dropout })}
      />
      <NumberField
        label="Logits at a time, MB"
        value={stage.logitsMegabytes}
        min={1}
        max={1024}
        step={1}
        onChange={(logitsMegabytes) => set({ logitsMegabytes })}
      />
      <Select
        size="xs"
        label="Activations"
        data={ACTIVATIONS}
        value={stage.recompute ? 'recompute' : 'keep'}
        allowDeselect={false}
        onChange={(value) => set({ recompute: value === 'recompute' })}
      />
    </>
  );
}

/** How the open stage is trained. */
export function TrainingForm() {
  const recipe = useStudio((state) => state.recipe);
  const stage = useStudio((state) => state.recipe.stages[state.stageIndex]);
  if (!stage) return null;
  return (
    <div className="training-form">
      <StageFields stage={stage} />
      <RunFields recipe={recipe} />
    </div>
  );
}
