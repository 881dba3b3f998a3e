/**
 * What the session in the worker has: the device, the methods, the loaded teacher and text, and the zero-shot
 * measurements of layer sets. Every failure ends as a report in `problems`, where its card shows it.
 */
import type { StateCreator } from 'zustand';
import type {
  DeviceInfo,
  ErrorReport,
  MethodCard,
  ModelCard,
  ModelRef,
  PerplexityReport,
  TextCard,
  TextRef,
} from '../worker/protocol';
import { rowLength } from '../recipe/data';
import { reportOf, wasCancelled, type Connection } from './connection';
import { measurementKey } from './measure';
import { filesAreGone, modelRefOf, textRefOf } from './recipeRefs';
import { fitRecipe, usesTeacher } from './selectionState';
import { follow, type Loading } from './storeLoading';
import type { StudioState } from './store';
import { settleTeacher, withText } from './task/taskRecipe';

/** Where a problem is shown. `session` is the whole page's: the worker or the device is gone. */
export type Place = 'session' | 'teacher' | 'text' | 'task' | 'measure' | 'estimate' | 'run';

export interface SessionSlice {
  connection: Connection | null;
  phase: 'starting' | 'ready' | 'gone';
  device: DeviceInfo | null;
  methods: readonly MethodCard[];
  teacher: ModelCard | null;
  text: TextCard | null;
  /** Where the text is from, to cut it anew when the context length changes; without a text, where it was to come from. */
  textRef: TextRef;
  loadingTeacher: Loading | null;
  loadingText: Loading | null;
  /** Zero-shot perplexity by `measurementKey`. */
  measurements: Readonly<Record<string, PerplexityReport>>;
  /** The key being measured. */
  measuring: string | null;
  problems: Readonly<Partial<Record<Place, ErrorReport>>>;
  /** Sentences from the session that need no answer, newest last. */
  warnings: readonly string[];
  /** Where the Hub is: a mirror or a school's server may stand in for it. */
  hubUrl: string;
  /** For what is private or gated; never stored. */
  hubToken: string;

  open: (connection: Connection) => Promise<void>;
  loadTeacher: (model: ModelRef) => Promise<void>;
  loadText: (text: TextRef) => Promise<void>;
  measure: (layers: readonly number[]) => Promise<void>;
  /** Of later requests, in the session too. */
  setHub: (url: string, token: string) => Promise<void>;
  report: (place: Place, error: ErrorReport) => void;
  dismiss: (place: Place) => void;
  dismissWarning: (message: string) => void;
}

export const HUB_URL = 'https://huggingface.co';

function labelOf(ref: ModelRef): string {
  switch (ref.kind) {
    case 'demo':
      return 'the demo teacher';
    case 'hub':
      return `${ref.repo} from the Hub`;
    case 'files':
      return ref.name;
    case 'path':
      return ref.path;
    case 'run':
      return 'a student of this session';
  }
}

/** A run without a teacher needs the student's blocks only; `undefined` means the whole model. */
function purposeOf({ recipe, methods }: StudioState) {
  const { selection, seed } = recipe;
  return usesTeacher(recipe, methods) ? undefined : { selection, seed };
}

export const createSessionSlice: StateCreator<StudioState, [], [], SessionSlice> = (set, get) => {
  const solve = (place: Place) => {
    const problems = { ...get().problems };
    delete problems[place];
    set({ problems });
  };
  const fail = (place: Place, error: unknown) => {
    if (!wasCancelled(error)) set({ problems: { ...get().problems, [place]: reportOf(error) } });
  };
  const session = () => {
    const { connection, phase } = get();
    return phase === 'ready' ? connection : null;
  };

  return {
    connection: null,
    phase: 'starting',
    device: null,
    methods: [],
    teacher: null,
    text: null,
    textRef: { kind: 'demo' },
    loadingTeacher: null,
    loadingText: null,
    measurements: {},
    measuring: null,
    problems: {},
    warnings: [],
    hubUrl: HUB_URL,
    hubToken: '',

    async open(connection) {
      get().connection?.close();
      set({
        connection,
        phase: 'starting',
        device: null,
        teacher: null,
        text: null,
        measurements: {},
        estimate: null,
        estimateOf: null,
        taskCards: {},
        stageTexts: {},
        stageProblem: null,
        broughtRows: {},
        ownRows: null,
        softTarget: null,
        softTargetOf: null,
        problems: {},
      });
      const gone = (error: ErrorReport) => {
        if (get().connection !== connection) return;
        set({
          phase: 'gone',
          loadingTeacher: null,
          loadingText: null,
          loadingTask: null,
          measuring: null,
          loadingStage: null,
        });
        set({ problems: { ...get().problems, session: error } });
        get().sessionEnded(error);
      };
      connection.onGone(gone);
      connection.onEvent((event) => {
        if (event.type === 'fatal') gone(event.error);
        else if (event.type === 'warning') set({ warnings: [...get().warnings, event.message] });
        else get().runEvent(event);
      });
      try {
        const { hubUrl, hubToken } = get();
        const request = {
          type: 'open' as const,
          device: 'auto' as const,
          hubUrl,
          hubToken: hubToken || undefined,
        };
        const answer = await connection.request(request);
        set({ ...answer, phase: 'ready' });
      } catch (error) {
        gone(reportOf(error));
        return;
      }
      await get().loadTeacher(modelRefOf(get().recipe.teacher.model));
      // A checkpoint that is not there any more must not leave a newcomer without a teacher.
      if (!get().teacher) {
        const { teacher: missing } = get().problems;
        await get().loadTeacher({ kind: 'demo' });
        if (missing) get().report('teacher', missing);
      }
      // A task's rows are looked at by `watchTask`.
      const { data, seed } = get().recipe;
      if (data.kind !== 'lm') return;
      // A text that cannot be had stays the recipe's: another in its place would be another run.
      await get().loadText(textRefOf(data, seed));
    },

    async loadTeacher(model) {
      const connection = session();
      if (!connection || get().loadingTeacher) return;
      const before = get().teacher?.ref;
      solve('teacher');
      const options = follow(connection, set, 'loadingTeacher', labelOf(model));
      try {
        const request = { type: 'loadModel' as const, model, purpose: purposeOf(get()) };
        const teacher = await connection.request(request, options);
        const stale = Object.entries(get().measurements).filter(([key]) => key.startsWith(`${teacher.ref}|`));
        const measurements = { ...get().measurements };
        // Other files may come under the same name.
        for (const [key] of stale) delete measurements[key];
        set({ teacher, measurements });
        solve('measure');
        const { recipe } = get();
        const fitted = settleTeacher(fitRecipe(recipe, teacher), teacher, get().methods, get().tasks);
        // Layers of another teacher mean nothing here, so undo must not bring them back.
        if (fitted !== recipe) set({ recipe: fitted, past: [], future: [], lastEdit: null });
      } catch (error) {
        fail('teacher', error);
      } finally {
        set({ loadingTeacher: null });
      }
      // Another tokenizer cuts the text into other tokens.
      const { teacher, text, textRef, recipe } = get();
      if (!teacher || teacher.ref === before || teacher.tokenizer === 'none' || !text) return;
      if (recipe.data.kind === 'lm') await get().loadText(textRef);
      else set({ text: null });
    },

    async loadText(text) {
      const connection = session();
      if (!connection || get().loadingText) return;
      solve('text');
      if (!get().text) set({ textRef: text });
      if (text.kind === 'files' && text.files.length === 0) {
        get().report('text', filesAreGone(text.name));
        return;
      }
      const label = text.kind === 'demo' ? 'the demo text' : text.name;
      const options = follow(connection, set, 'loadingText', label);
      const data = withText(get().recipe, '').data;
      const contextLength = rowLength(data);
      const cleaning = data.kind === 'lm' && data.cleaning ? { cleaning: data.cleaning } : {};
      try {
        const card = await connection.request(
          { type: 'loadText', text, contextLength, ...cleaning },
          options,
        );
        set({ text: card, textRef: text });
        const { recipe, edit } = get();
        // From a task to a text is a step of undo; another text is not, since texts are what the session has.
        if (recipe.data.kind === 'task') edit((old) => withText(old, card.parts ?? card.ref));
        else set({ recipe: withText(recipe, card.parts ?? card.ref), taskEditor: null });
      } catch (error) {
        fail('text', error);
      } finally {
        set({ loadingText: null });
      }
    },

    async measure(layers) {
      const connection = session();
      const { teacher, measurements, measuring } = get();
      if (!connection || !teacher || measuring) return;
      const key = measurementKey(teacher.ref, layers);
      if (measurements[key]) return;
      set({ measuring: key });
      solve('measure');
      try {
        const report = await connection.request({ type: 'measure', model: teacher.ref, layers: [...layers] });
        set({ measurements: { ...get().measurements, [key]: report } });
      } catch (error) {
        fail('measure', error);
      } finally {
        set({ measuring: null });
      }
    },

    async setHub(hubUrl, hubToken) {
      set({ hubUrl, hubToken });
      await session()?.request({ type: 'setHub', hubUrl, hubToken: hubToken || undefined });
    },
    report: (place, error) => set({ problems: { ...get().problems, [place]: error } }),
    dismiss: solve,
    dismissWarning: (message) => set({ warnings: get().warnings.filter((other) => other !== message) }),
  };
};
