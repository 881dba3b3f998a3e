import { Button, Collapse } from '@mantine/core';
import { useRef, useState } from 'react';
import type { Stage } from '../../recipe/recipe';
import { resolvedSettings } from '../../recipe/settings';
import type { MethodCard } from '../../worker/protocol';
import { Idea } from '../ideas/Idea';
import { nowLine } from '../ideas/nowLine';
import { useIdeaRun, type IdeaRun } from '../ideas/useIdeaRun';
import { Formula } from '../pieces/Formula';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { TeacherStage } from '../task/TeacherStage';
import { MethodChoice } from './MethodChoice';
import { MethodSettings } from './MethodSettings';
import { phasesOf } from './methodWords';
import { StageData } from './StageData';
import { Stages } from './Stages';
import { TrainingForm } from './TrainingForm';
import { trainingLine } from './trainingLine';

/** GPT-2's vocabulary, until there is a teacher. */
const GPT2_VOCABULARY = 50257;

/** The parts of the stage, as long as they are, and how far a run is in them. */
function Phases({ method, now }: { method: MethodCard; now: IdeaRun | null }) {
  const stage = useStudio((state) => state.recipe.stages[state.stageIndex]);
  const phases = stage ? phasesOf(method, stage) : [];
  // Parts that take turns have a picture of their own.
  if (phases.length === 0 || phases.some(({ share }) => share === undefined)) return null;
  const standing = now && now.steps > 0 ? now.done / now.steps : 0;
  const parts = phases.map((phase, i) => {
    const share = phase.share!;
    const before = phases.slice(0, i).reduce((sum, one) => sum + one.share!, 0);
    const done = share > 0 ? Math.max(0, Math.min(1, (standing - before) / share)) : 0;
    return { ...phase, share, done };
  });
  return (
    <ol className="phases" aria-label="Parts">
      {parts.map(({ name, share, length, done }, i) => (
        <li key={name} style={{ flex: share }}>
          <i className="phase-bar">
            <i style={{ width: `${100 * done}%` }} />
          </i>
          <b>
            {i + 1} {name}
          </b>
          <span>
            {length}
            {done >= 1 ? ', done' : ''}
          </span>
        </li>
      ))}
    </ol>
  );
}

function FormulaBox({ method, now, settings }: MethodBodyProps & { now: IdeaRun | null }) {
  const classes = useStudio((state) => state.teacher?.config.vocabSize ?? GPT2_VOCABULARY);
  const standing = now && now.done > 0 && now.active ? now.done / now.steps : null;
  const values = nowLine({ id: method.id, specs: method.settings, settings, classes, standing });
  return (
    <div className="formula">
      <Formula text={method.formula} />
      <span className="formula-where">
        <Formula text={method.where} />
        {values && (
          <span className="formula-now">
            <Formula text={values} />
          </span>
        )}
      </span>
    </div>
  );
}

interface MethodBodyProps {
  method: MethodCard;
  settings: ReturnType<typeof resolvedSettings>;
}

function MethodBody({ method, stage, settings }: MethodBodyProps & { stage: Stage }) {
  const editStage = useStudio((state) => state.editStage);
  const now = useIdeaRun(method.id, settings);
  const change = (changed: object, group?: string) =>
    editStage((old) => ({ ...old, settings: { ...old.settings, ...changed } }), group);
  return (
    <>
      <Phases method={method} now={now} />
      <FormulaBox method={method} now={now} settings={settings} />
      <MethodSettings method={method} settings={settings} onChange={change} />
      <Idea {...{ method, stage, settings, now }} onChange={change} />
    </>
  );
}

/** What the student learns from: stages, method, its settings, and how it is trained. */
export function MethodPanel() {
  const methods = useStudio((state) => state.methods);
  const stage = useStudio((state) => state.recipe.stages[state.stageIndex]);
  const method = methods.find((each) => each.id === stage?.method);
  return (
    <section className="card method-card" aria-label="Method">
      <TeacherStage />
      <Stages />
      <StageData />
      <div className="between method-head">
        <MethodChoice value={stage?.method ?? null} />
        {method && (
          <a className="small muted" href={method.paper.url} target="_blank" rel="noreferrer">
            {method.paper.label}
          </a>
        )}
      </div>
      {method && stage && (
        <MethodBody
          method={method}
          stage={stage}
          settings={resolvedSettings(method.settings, stage.settings)}
        />
      )}
      {/* A method without settings has room for these, which are the same for all. */}
      <Training
        key={method?.id}
        startsOpen={method !== undefined && Object.keys(method.settings).length === 0}
      />
    </section>
  );
}

function Training({ startsOpen }: { startsOpen: boolean }) {
  const recipe = useStudio((state) => state.recipe);
  const stage = useStudio((state) => state.recipe.stages[state.stageIndex]);
  const [open, setOpen] = useState(startsOpen);
  const form = useRef<HTMLDivElement>(null);
  return (
    <div className="training">
      <div className="between">
        <p className="small muted">{stage && trainingLine(recipe, stage)}</p>
        <Button
          variant="subtle"
          size="xs"
          aria-expanded={open}
          rightSection={
            <span className={open ? 'turned' : undefined}>
              <Icon name="chevron" />
            </span>
          }
          onClick={() => setOpen(!open)}
        >
          Training
        </Button>
      </div>
      <Collapse
        expanded={open}
        onTransitionEnd={() => open && form.current?.scrollIntoView({ block: 'nearest' })}
      >
        <div ref={form}>
          <TrainingForm />
        </div>
      </Collapse>
    </div>
  );
}
