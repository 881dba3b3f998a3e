/** What the command palette offers, from the state of the page. What cannot be done now says why. */
import { STRATEGY_LABELS } from '../../model/selection';
import { WORKS } from '../../paper/works';
import { useCompareView } from '../compare/view';
import { openWritten, PIPELINES } from '../openRecipe';
import { FIRST_RECIPE, usePaper } from '../paper/paperStore';
import type { IconName } from '../pieces/Icon';
import { keptLayers, presetStates, withKeep, withStrategy } from '../selectionState';
import type { StudioState } from '../store';
import { useKept } from './keptStore';
import { dataRefusal } from '../storeTask';

export interface PaletteCommand {
  id: string;
  group: 'Places' | 'Layers' | 'Run' | 'Paper' | 'Page';
  label: string;
  description: string;
  icon: IconName;
  keys?: string;
  /** Absent when it can be done. */
  refusal?: string;
  run: () => void;
}

function places(state: StudioState): PaletteCommand[] {
  const place = (id: 'compose' | 'run' | 'compare', label: string, keys: string, description: string) => ({
    id,
    group: 'Places' as const,
    label,
    description,
    icon: id,
    keys,
    run: () => state.go(id),
  });
  return [
    place('compose', 'Go to Compose', 'g c', 'teacher, layers, text, method'),
    place('run', 'Go to Run', 'g r', 'curves and samples'),
    place('compare', 'Go to Compare', 'g m', 'several runs side by side'),
  ];
}

function layers(state: StudioState): PaletteCommand[] {
  const { recipe, teacher, edit } = state;
  if (!teacher) return [];
  const n = teacher.config.nLayer;
  const k = keptLayers(recipe, teacher).length;
  const rules = presetStates(n, k, recipe.seed).map(({ strategy, layers: set, refusal }) => ({
    id: `rule-${strategy}`,
    group: 'Layers' as const,
    label: `Keep layers by rule: ${STRATEGY_LABELS[strategy].label}`,
    description: set.join(' '),
    icon: 'compose' as const,
    refusal,
    run: () => edit((old) => withStrategy(old, strategy, k)),
  }));
  const resize = (by: 1 | -1, label: string, keys: string) => ({
    id: by > 0 ? 'keep-more' : 'keep-less',
    group: 'Layers' as const,
    label,
    description: `${k + by} of ${n}`,
    icon: 'compose' as const,
    keys,
    refusal: k + by < 1 || k + by > n ? `${k} of ${n} are kept` : undefined,
    run: () => edit((old) => withKeep(old, teacher, k + by)),
  });
  return [...rules, resize(1, 'Keep one layer more', '+'), resize(-1, 'Keep one layer less', '−')];
}

function runs(state: StudioState): PaletteCommand[] {
  const active = state.runs.find((run) => run.id === state.activeRunId);
  const idle = active ? undefined : 'nothing is running';
  const paused = active?.state === 'paused';
  const command = (part: Omit<PaletteCommand, 'group' | 'id'>) => ({
    ...part,
    id: part.label,
    group: 'Run' as const,
  });
  return [
    command({
      label: 'Run',
      description: 'train the student of this recipe',
      icon: 'play',
      keys: 'Ctrl Enter',
      refusal: active
        ? 'a run is in progress'
        : state.teacher && dataRefusal(state) === null
          ? undefined
          : 'nothing is loaded yet',
      run: () => void state.startRun(),
    }),
    command({
      label: paused ? 'Resume' : 'Pause',
      description: 'keeps the weights',
      icon: paused ? 'play' : 'pause',
      keys: 'P',
      refusal: idle,
      run: () => void state.control(paused ? 'resume' : 'pause'),
    }),
    command({
      label: 'Evaluate now',
      description: 'perplexity, or the task’s metrics, at this step',
      icon: 'evaluate',
      keys: 'E',
      refusal: idle,
      run: () => void state.control('evaluateNow'),
    }),
    command({
      label: 'Stop the run',
      description: 'the student so far stays',
      icon: 'stop',
      keys: 'Shift S',
      refusal: idle,
      run: () => state.askToStop(),
    }),
  ];
}

/** Whole pipelines to start from. */
function pipelines(state: StudioState): PaletteCommand[] {
  return PIPELINES.map(({ id, label, about, recipe }) => ({
    id: `pipeline-${id}`,
    group: 'Run',
    label: `Recipe: ${label}`,
    description: about,
    icon: 'compose',
    refusal: state.activeRunId ? 'a run is in progress' : undefined,
    run: () => void openWritten(() => Promise.resolve(recipe)),
  }));
}

/** Rows of the paper as recipes; the dialog has all of them. */
function paper(state: StudioState): PaletteCommand[] {
  const choose = (id: string) => usePaper.getState().choose(id);
  const tables = {
    id: 'paper-tables',
    group: 'Paper' as const,
    label: 'Show the paper’s tables',
    description: 'printed rows and the runs of this visit',
    icon: 'note' as const,
    run: () => {
      useCompareView.getState().setSheet('paper');
      state.go('compare');
    },
  };
  const rows = WORKS.filter(({ places }) => places.some(({ table }) => table === 3)).map(({ id, title }) => ({
    id: `paper-${id}`,
    group: 'Paper' as const,
    label: `Recipe of the paper: ${title}`,
    description: 'what differs is said first',
    icon: 'note' as const,
    run: () => choose(id),
  }));
  const any = {
    id: 'paper-recipe',
    group: 'Paper' as const,
    label: 'Recipe of the paper: any row …',
    description: 'tables 1 to 5 and 7',
    icon: 'note' as const,
    run: () => choose(FIRST_RECIPE),
  };
  return [tables, any, ...rows];
}

/** All commands, in the order in which the palette groups them. */
export function paletteCommands(state: StudioState): PaletteCommand[] {
  const page: PaletteCommand[] = [
    {
      id: 'undo',
      group: 'Page',
      label: 'Undo',
      description: 'the last change of the recipe',
      icon: 'undo',
      keys: 'Ctrl Z',
      refusal: state.past.length > 0 ? undefined : 'nothing to undo',
      run: state.undo,
    },
    {
      id: 'redo',
      group: 'Page',
      label: 'Redo',
      description: 'the change that was undone',
      icon: 'redo',
      keys: 'Ctrl Shift Z',
      refusal: state.future.length > 0 ? undefined : 'nothing to redo',
      run: state.redo,
    },
    {
      id: 'kept',
      group: 'Page',
      label: 'What is kept in this browser …',
      description: 'downloads and tokens; clear them',
      icon: 'library',
      run: () => useKept.getState().show(),
    },
    {
      id: 'keys',
      group: 'Page',
      label: 'Show all keys',
      description: 'what the keyboard can do',
      icon: 'keys',
      keys: '?',
      run: () => state.setKeySheetOpen(true),
    },
  ];
  return [...layers(state), ...runs(state), ...pipelines(state), ...places(state), ...paper(state), ...page];
}
