import { Select } from '@mantine/core';
import type { MethodCard } from '../../worker/protocol';
import { useStudio } from '../store';
import { memoryText, paperAverage, workText } from './methodOption';
import { costText, methodGroups } from './methodWords';

/** Wider than the field, which shares its line with the paper's name. */
const LIST_WIDTH = 364;
/** Of float32, as the teacher is held while it teaches unless the recipe says otherwise. */
const WEIGHT_BYTES = { f32: 4, f16: 2 };

/** The list of methods, with what each costs before it is chosen, and the paper's result in grey. */
export function MethodChoice({ value }: { value: string | null }) {
  const methods = useStudio((state) => state.methods);
  const precision = useStudio((state) => state.recipe.teacher.precision);
  const teacher = useStudio((state) => state.teacher);
  const editStage = useStudio((state) => state.editStage);
  const askCosts = useStudio((state) => state.askMethodCosts);
  const teacherBytes = (teacher?.parameters ?? 0) * WEIGHT_BYTES[precision];
  return (
    <Select
      className="grow"
      size="sm"
      aria-label="Method"
      data={methodGroups(methods, teacherBytes)}
      maxDropdownHeight={470}
      comboboxProps={{ width: LIST_WIDTH, position: 'bottom-start' }}
      value={value}
      allowDeselect={false}
      disabled={methods.length === 0}
      onDropdownOpen={() => void askCosts()}
      // Settings belong to a method; another one starts from its defaults.
      onChange={(id) => id && editStage((old) => ({ ...old, method: id, settings: {} }))}
      renderOption={({ option }) => {
        const card = methods.find((each) => each.id === option.value);
        return card && <Option card={card} />;
      }}
    />
  );
}

function Option({ card }: { card: MethodCard }) {
  const cost = useStudio((state) => state.methodCosts[card.id]);
  const needed = useStudio((state) => state.estimate?.bytes ?? 0);
  const average = paperAverage(card.id);
  const costs = [costText(card), cost && memoryText(cost, needed)].filter(Boolean).join(' · ');
  return (
    <span className="method-option">
      <b>{card.label}</b>
      <span className="small muted" title="Work of a step, of plain fine-tuning’s">
        {cost ? workText(cost) : ''}
      </span>
      <span className="small faint" title="Average on GLUE in the paper">
        {average === null ? '–' : average.toFixed(1)}
      </span>
      <span className="tiny faint">
        {costs && <span className="muted">{costs} · </span>}
        {card.summary}
      </span>
    </span>
  );
}
