/** One picture of a method's idea, drawn from its settings as they are now, and from a run where there is one. */
import type { Stage } from '../../recipe/recipe';
import type { SettingValues } from '../../recipe/settings';
import type { MethodCard } from '../../worker/protocol';
import { keptLayers } from '../selectionState';
import { useStudio } from '../store';
import { AnnealingPicture } from './AnnealingPicture';
import { AskedLogits } from './AskedLogits';
import './idea.css';
import { MatePicture } from './MatePicture';
import { RailPicture } from './RailPicture';
import { SelfKdPicture } from './SelfKdPicture';
import { SoftTarget } from './SoftTarget';
import { TargetPicture } from './TargetPicture';
import { targetBars, temperatureAt, TARGETS } from './targets';
import type { IdeaRun } from './useIdeaRun';

/** GPT-2's vocabulary, until there is a teacher. */
const GPT2_VOCABULARY = 50257;

interface IdeaProps {
  method: MethodCard;
  /** All of them, defaults filled in. */
  settings: Readonly<SettingValues>;
  /** Its length decides how the picture is divided. */
  stage: Pick<Stage, 'steps' | 'epochs'>;
  /** A run with these settings, if there was one. */
  now: IdeaRun | null;
  /** Takes settings over into the recipe; null where they are what they are. */
  onChange: ((settings: SettingValues) => void) | null;
}

interface PictureProps extends IdeaProps {
  numbers: Readonly<Record<string, number>>;
}

/** What shows a method's idea, by its id; a method that is not here has its formula and summary alone. */
const PICTURES: Readonly<Record<string, (props: PictureProps) => React.ReactNode>> = {
  'label-smoothing': Targets,
  'tf-reg': Targets,
  'self-kd': ({ numbers, now }) => <SelfKdPicture alpha={numbers.alpha!} now={now} />,
  'vanilla-kd': SoftTargets,
  'reverse-kd': SoftTargets,
  'annealing-kd': Annealing,
  'rail-kd': Rail,
  'mate-kd': Mate,
};

export function Idea(props: IdeaProps) {
  const { method, settings } = props;
  const Picture = PICTURES[method.id];
  if (!Picture) return null;
  const numbers = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, Number(value)]));
  return <Picture {...props} numbers={numbers} />;
}

function Targets({ method, numbers }: PictureProps) {
  const classes = useStudio((state) => state.teacher?.config.vocabSize ?? GPT2_VOCABULARY);
  const target = TARGETS[method.id]?.(numbers, classes);
  if (!target) return null;
  const withTwo = TARGETS[method.id]!(numbers, 2);
  return <TargetPicture bars={targetBars(target, classes)} target={target} withTwo={withTwo} />;
}

function SoftTargets({ method, numbers, onChange }: PictureProps) {
  const isText = useStudio((state) => state.recipe.data.kind === 'lm');
  const spec = method.settings.temperature;
  if (spec?.kind !== 'number') return null;
  if (!isText)
    return (
      <figure className="idea">
        <p className="small faint">
          In a task the soft target is over its labels. The picture of one is drawn for text.
        </p>
      </figure>
    );
  return (
    <SoftTarget
      spec={spec}
      temperature={numbers.temperature!}
      onUse={onChange && ((temperature) => onChange({ temperature }))}
    />
  );
}

function Annealing({ numbers, stage, now }: PictureProps) {
  const [tauMax, share] = [numbers.tauMax!, numbers.share!];
  const at = now && now.done > 0 ? temperatureAt(tauMax, share, now.done / now.steps) : null;
  return (
    <>
      <AnnealingPicture
        {...{ tauMax, share, now }}
        steps={stage.steps ?? null}
        epochs={stage.epochs ?? null}
      />
      <AskedLogits tauMax={tauMax} now={at} />
    </>
  );
}

function Rail({ now }: PictureProps) {
  const teacher = useStudio((state) => state.teacher);
  const recipe = useStudio((state) => state.recipe);
  if (!teacher) return null;
  const students = now?.run.layers.length ?? keptLayers(recipe, teacher).length;
  return <RailPicture nLayer={teacher.config.nLayer} students={students} seed={recipe.seed} now={now} />;
}

function Mate({ numbers, stage, now }: PictureProps) {
  const settings = {
    warmupSteps: numbers.warmupSteps!,
    generatorSteps: numbers.generatorSteps!,
    studentSteps: numbers.studentSteps!,
  };
  return <MatePicture {...{ settings, now }} steps={stage.steps ?? null} />;
}
