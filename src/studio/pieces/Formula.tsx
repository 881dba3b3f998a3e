import { formulaPieces } from './formulaPieces';

/** A loss as it is printed: variables italic, the teacher's blue, the student's copper. */
export function Formula({ text }: { text: string }) {
  return (
    <span>
      {formulaPieces(text).map((piece, i) => {
        const className = [piece.upright && 'upright', piece.owner && `${piece.owner}-ink`]
          .filter(Boolean)
          .join(' ');
        return (
          <span key={i} className={className || undefined}>
            {piece.text}
            {piece.subscript && <sub>{piece.subscript}</sub>}
          </span>
        );
      })}
    </span>
  );
}
