/** What a method costs and how its stage goes, in words and figures. Pure. */
import type { Stage } from '../../recipe/recipe';
import type { MethodCard } from '../../worker/protocol';
import { formatBytes, formatCount } from '../charts/format';
import { showNumber } from '../pieces/number';
import { lengthText } from './trainingLine';

/** `2 parts · a second copy in memory`; empty for a method that costs no more than its group. */
export function costText({ parts, needsCopy }: Pick<MethodCard, 'parts' | 'needsCopy'>): string {
  const costs = [parts.length > 1 && `${parts.length} parts`, needsCopy && 'a second copy in memory'];
  return costs.filter(Boolean).join(' · ');
}

export interface MethodGroup {
  group: string;
  items: { value: string; label: string }[];
}

/** The list of methods, those that need no teacher first. `teacherBytes`: of its weights on the device; 0 unknown. */
export function methodGroups(
  methods: readonly Pick<MethodCard, 'id' | 'label' | 'needsTeacher'>[],
  teacherBytes: number,
): MethodGroup[] {
  const more = teacherBytes > 0 ? `, ${formatBytes(teacherBytes)} more` : '';
  const named = [
    { group: 'No teacher', needs: false },
    { group: `With the teacher in memory${more}`, needs: true },
  ];
  return named
    .map(({ group, needs }) => ({
      group,
      items: methods
        .filter(({ needsTeacher }) => needsTeacher === needs)
        .map(({ id, label }) => ({ value: id, label })),
    }))
    .filter(({ items }) => items.length > 0);
}

export interface Phase {
  name: string;
  /** Of the stage's length, 0 to 1; undefined where nothing says so. */
  share?: number;
  /** `154 steps`, `77 %`, or nothing. */
  length: string;
}

/** The parts of a method that has several. Two that follow one another are parted by the setting `share`. */
export function phasesOf({ parts, settings }: Pick<MethodCard, 'parts' | 'settings'>, stage: Stage): Phase[] {
  if (parts.length < 2) return [];
  const spec = settings.share;
  const share = Number(stage.settings.share ?? spec?.default);
  if (parts.length > 2 || !spec || !Number.isFinite(share))
    return parts.map((name) => ({ name, length: '' }));
  const first = stage.steps === undefined ? null : Math.round(stage.steps * share);
  return parts.map((name, i) => {
    const own = i === 0 ? share : 1 - share;
    if (first === null)
      return { name, share: own, length: `${showNumber(Math.round(100 * own))} % of ${lengthText(stage)}` };
    const steps = i === 0 ? first : stage.steps! - first;
    return { name, share: own, length: `${formatCount(steps)} ${steps === 1 ? 'step' : 'steps'}` };
  });
}
