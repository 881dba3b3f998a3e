/** A formula in plain text with Unicode symbols, cut into pieces that can be set in type. Pure. */

export interface FormulaPiece {
  text: string;
  /** `p_t`: the `t`. */
  subscript?: string;
  /** Names of functions stand upright, variables are italic. */
  upright: boolean;
  /** Whose symbol it is. */
  owner?: 'teacher' | 'student';
}

const SYMBOL = /([\p{L}]+)(?:_\{?([\p{L}\d]+)\}?)?|[^\p{L}]+/gu;

/** `p_t` belongs to the teacher and `z_s` to the student; names of several letters are functions. */
export function formulaPieces(formula: string): FormulaPiece[] {
  return [...formula.matchAll(SYMBOL)].map((match) => {
    const [whole, name, subscript] = match;
    if (name === undefined) return { text: whole, upright: true };
    const owner = subscript === 't' ? 'teacher' : subscript === 's' ? 'student' : undefined;
    return { text: name, subscript, upright: [...name].length > 1, owner };
  });
}
