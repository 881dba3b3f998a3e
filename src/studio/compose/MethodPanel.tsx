import { Button, Collapse, Select } from '@mantine/core';
import { useRef, useState } from 'react';
import type { MethodCard } from '../../worker/protocol';
import { Icon } from '../pieces/Icon';
import { showNumber } from '../pieces/number';
import { useStudio } from '../store';
import { Formula } from './Formula';
import { SettingField } from './SettingField';
import { Stages } from './Stages';
import { TrainingForm } from './TrainingForm';
import { trainingLine } from './trainingLine';

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

function MethodBody({ method }: { method: MethodCard }) {
  const stage = useStudio((state) => state.recipe.stages[state.stageIndex]);
  const editStage = useStudio((state) => state.editStage);
  const settings = stage?.settings ?? {};
  const now = valuesNow(method, settings);
  return (
    <>
      <div className="formula">
        <Formula text={method.formula} />
        <span className="formula-where">
          <Formula text={method.where} />
          {now && <span className="formula-now">now {now}</span>}
        </span>
      </div>
      <p className="small muted method-summary">{method.summary}</p>
      {Object.entries(method.settings).map(([name, spec]) => (
        <SettingField
          key={name}
          spec={spec}
          value={settings[name] ?? spec.default}
          onChange={(value) =>
            editStage((old) => ({ ...old, settings: { ...old.settings, [name]: value } }), `setting-${name}`)
          }
          onReset={() =>
            editStage(({ settings: { [name]: _dropped, ...rest }, ...old }) => ({ ...old, settings: rest }))
          }
        />
      ))}
    </>
  );
}

/** What the student learns from: stages, method, its settings, and how it is trained. */
export function MethodPanel() {
  const methods = useStudio((state) => state.methods);
  const recipe = useStudio((state) => state.recipe);
  const stage = useStudio((state) => state.recipe.stages[state.stageIndex]);
  const editStage = useStudio((state) => state.editStage);
  const [trainingOpen, setTrainingOpen] = useState(false);
  const form = useRef<HTMLDivElement>(null);
  const method = methods.find((each) => each.id === stage?.method);
  return (
    <section className="card method-card" aria-label="Method">
      <Stages />
      <div className="between method-head">
        <Select
          className="grow"
          size="sm"
          aria-label="Method"
          data={methods.map(({ id, label }) => ({ value: id, label }))}
          value={stage?.method ?? null}
          allowDeselect={false}
          disabled={methods.length === 0}
          // Settings belong to a method; another one starts from its defaults.
          onChange={(id) => id && editStage((old) => ({ ...old, method: id, settings: {} }))}
          renderOption={({ option }) => (
            <span>
              {option.label}
              <span className="tiny faint method-option">
                {methods.find((each) => each.id === option.value)?.summary}
              </span>
            </span>
          )}
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
