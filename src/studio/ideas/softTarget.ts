/** The numbers of a soft target: two rows of logits, at any temperature. Pure; a vocabulary takes about a millisecond. */
import type { Distribution } from '../../worker/protocol';

/** log Σ exp(z / T) */
function logSumExp(logits: Float32Array, temperature: number): number {
  let largest = -Infinity;
  for (const z of logits) if (z > largest) largest = z;
  let sum = 0;
  for (const z of logits) sum += Math.exp((z - largest) / temperature);
  return largest / temperature + Math.log(sum);
}

/** KL(p ‖ q) of softmax(z / T), in nats. Both rows have a number for every word. */
export function divergence(teacher: Float32Array, student: Float32Array, temperature: number): number {
  const [ofTeacher, ofStudent] = [logSumExp(teacher, temperature), logSumExp(student, temperature)];
  let sum = 0;
  for (let id = 0; id < teacher.length; id++) {
    const logP = teacher[id]! / temperature - ofTeacher;
    sum += Math.exp(logP) * (logP - (student[id]! / temperature - ofStudent));
  }
  // Two equal rows differ by rounding alone.
  return Math.max(0, sum);
}

export interface TokenBar {
  /** Absent for all other tokens together. */
  id?: number;
  label: string;
  /** The true next token. */
  gold: boolean;
  /** Shares of 1: the teacher's at T = 1 and at T, the student's at T. */
  before: number;
  teacher: number;
  student: number;
}

/** Named tokens of a picture: six of seven columns, as in the other pictures of targets. */
export const NAMED_TOKENS = 6;

/**
 * Which tokens are named: the true one, and the likeliest of teacher and student in turn, the teacher's first; in
 * the teacher's order. The order of logits does not depend on the temperature, so columns stay where they are.
 */
export function namedTokens({ teacher, student, words, passage, position }: Distribution): number[] {
  const by = (logits: Float32Array) =>
    words.map(({ id }) => id).sort((a, b) => logits[b]! - logits[a]! || a - b);
  const [ofTeacher, ofStudent] = [by(teacher), by(student)];
  const chosen = new Set([passage[position]!.id]);
  // The student's first choice is shown; beyond it the teacher's row is what the picture is about.
  chosen.add(ofTeacher[0]!).add(ofStudent[0]!);
  for (const id of ofTeacher) if (chosen.size < NAMED_TOKENS) chosen.add(id);
  return [...chosen].sort((a, b) => teacher[b]! - teacher[a]! || a - b);
}

/** The named tokens and the rest, whose mass is always shown. */
export function tokenBars(distribution: Distribution, temperature: number): TokenBar[] {
  const { teacher, student, words, passage, position } = distribution;
  const sums = {
    before: logSumExp(teacher, 1),
    teacher: logSumExp(teacher, temperature),
    student: logSumExp(student, temperature),
  };
  const gold = passage[position]!.id;
  const named = namedTokens(distribution).map((id): TokenBar => ({
    id,
    label: words.find((word) => word.id === id)?.text ?? `#${id}`,
    gold: id === gold,
    before: Math.exp(teacher[id]! - sums.before),
    teacher: Math.exp(teacher[id]! / temperature - sums.teacher),
    student: Math.exp(student[id]! / temperature - sums.student),
  }));
  const rest = (of: 'before' | 'teacher' | 'student') =>
    Math.max(0, 1 - named.reduce((sum, bar) => sum + bar[of], 0));
  return [
    ...named,
    {
      label: 'rest',
      gold: false,
      before: rest('before'),
      teacher: rest('teacher'),
      student: rest('student'),
    },
  ];
}

/** A token as a column's name: a space that begins a word is left out, other blanks are written out. */
export function columnLabel(text: string): string {
  const word = text.startsWith(' ') && text.length > 1 ? text.slice(1) : text;
  const shown = word.replaceAll('\n', '↵').replaceAll(' ', '␣');
  return shown.length > 7 ? `${shown.slice(0, 6)}…` : shown;
}
