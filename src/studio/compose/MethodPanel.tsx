import { Button, Collapse, Select } from '@mantine/core';
import { useRef, useState } from 'react';
import type { MethodCard } from '../../worker/protocol';
import { Icon } from '../pieces/Icon';
import { showNumber } from '../pieces/number';
import { useStudio } from '../store';
import { TeacherStage } from '../task/TeacherStage';
import { Formula } from './Formula';
import { Idea } from './Idea';
import { costText, methodGroups, phasesOf } from './methodWords';
import { SettingField } from './SettingField';
import { Stages } from './Stages';
import { TrainingForm } from './TrainingForm';
import { trainingLine } from './trainingLine';

/** Wider than the field, which shares its line with the paper's name. */
const LIST_WIDTH = 338;
/** With more settings the card would be too tall for hints and summary, which the labels and the list explain. */
const MOST_EXPLAINED = 3;
/** Of float32, as the teacher is held while it teaches unless the recipe says otherwise. */
const WEIGHT_BYTES = { f32: 4, f16: 2 };

/** `α 0.5 · T 2` */
function valuesNow(method: MethodCard, settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(method.settings)
    .filter(([, spec]) => spec.symbol)
    .map(([name, spec]) => {
      const value = settings[name] ?? spec.default;
      return `${spec.symbol} ${typeof value === 'number' ? showNumber(value) : value}`;
    })
    .join(' · ');
}

/** The parts of the stage, as long as they are; those whose length is not known have equal room. */
function Phases({ method }: { method: MethodCard }) {
  const stage = useStudio((state) => state.recipe.stages[state.stageIndex]);
  const phases = stage ? phasesOf(method, stage) : [];
  if (phases.length === 0) return null;
  return (
    <>
      <ol className="phases" aria-label="Parts">
        {phases.map(({ name, share, length }, i) => (
          <li key={name} style={{ flex: share ?? 1 }}>
            <b>
              {i + 1} {name}
            </b>
            {length && <span>{length}</span>}
          </li>
        ))}
      </ol>
      {phases.some(({ share }) => share === undefined) && (
        <p className="tiny faint">Which comes when is in the settings.</p>
      )}
    </>
  );
}

function MethodBody({ method }: { method: MethodCard }) {
  const stage = useStudio((state) => state.recipe.stages[state.stageIndex]);
  const editStage = useStudio((state) => state.editStage);
  const settings = stage?.settings ?? {};
  const now = valuesNow(method, settings);
  const specs = Object.entries(method.settings);
  const many = specs.length > MOST_EXPLAINED;
  return (
    <>
      <Phases method={method} />
      <div className="formula">
        <Formula text={method.formula} />
        <span className="formula-where">
          <Formula text={method.where} />
          {now && (
            <span className="formula-now">
              now <Formula text={now} />
            </span>
          )}
        </span>
      </div>
      {!many && <p className="small muted method-summary">{method.summary}</p>}
      <div className={many ? 'settings many' : 'settings'}>
        {specs.map(([name, spec]) => (
          <SettingField
            key={name}
            spec={spec}
            value={settings[name] ?? spec.default}
            onChange={(value) =>
              editStage(
                (old) => ({ ...old, settings: { ...old.settings, [name]: value } }),
                `setting-${name}`,
              )
            }
            onReset={() =>
              editStage(({ settings: { [name]: _dropped, ...rest }, ...old }) => ({ ...old, settings: rest }))
            }
          />
        ))}
      </div>
      <Idea method={method} settings={settings} />
    </>
  );
}

/** What the student learns from: stages, method, its settings, and how it is trained. */
export function MethodPanel() {
  const methods = useStudio((state) => state.methods);
  const recipe = useStudio((state) => state.recipe);
  const stage = useStudio((state) => state.recipe.stages[state.stageIndex]);
  const editStage = useStudio((state) => state.editStage);
  const teacher = useStudio((state) => state.teacher);
  const teacherBytes = (teacher?.parameters ?? 0) * WEIGHT_BYTES[recipe.teacher.precision];
  const [trainingOpen, setTrainingOpen] = useState(false);
  const form = useRef<HTMLDivElement>(null);
  const method = methods.find((each) => each.id === stage?.method);
  return (
    <section className="card method-card" aria-label="Method">
      <TeacherStage />
      <Stages />
      <div className="between method-head">
        <Select
          className="grow"
          size="sm"
          aria-label="Method"
          data={methodGroups(methods, teacherBytes)}
          maxDropdownHeight={440}
          comboboxProps={{ width: LIST_WIDTH, position: 'bottom-start' }}
          value={stage?.method ?? null}
          allowDeselect={false}
          disabled={methods.length === 0}
          // Settings belong to a method; another one starts from its defaults.
          onChange={(id) => id && editStage((old) => ({ ...old, method: id, settings: {} }))}
          renderOption={({ option }) => {
            const card = methods.find((each) => each.id === option.value);
            return (
              <span className="method-option">
                <b>{option.label}</b>
                <span className="tiny muted">{card && costText(card)}</span>
                <span className="tiny faint">{card?.summary}</span>
              </span>
            );
          }}
        />
        {method && (
          <a className="small muted" href={method.paper.url} target="_blank" rel="noreferrer">
            {method.paper.label}
          </a>
        )}
      </div>
      {method && <MethodBody method={method} />}
      <div className="training">
        <div className="between">
          <p className="small muted">{stage && trainingLine(recipe, stage)}</p>
          <Button
            variant="subtle"
            size="xs"
            aria-expanded={trainingOpen}
            rightSection={
              <span className={trainingOpen ? 'turned' : undefined}>
                <Icon name="chevron" />
              </span>
            }
            onClick={() => setTrainingOpen(!trainingOpen)}
          >
            Training
          </Button>
        </div>
        <Collapse
          expanded={trainingOpen}
          onTransitionEnd={() => trainingOpen && form.current?.scrollIntoView({ block: 'nearest' })}
        >
          <div ref={form}>
            <TrainingForm />
          </div>
        </Collapse>
      </div>
    </section>
  );
}
