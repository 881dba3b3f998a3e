/**
 * Where everything on the layer board stands, in pixels. Student and teacher stand on one floor: height is
 * depth, and what is missing above the student is what was saved. Sizes: visual.md, section 2.
 */

export interface BoardGeometry {
  width: number;
  height: number;
  /** Width of a slab that is left out. */
  teacherWidth: number;
  /** How far a kept slab is pulled out. */
  pull: number;
  slotsFrom: number;
  pitch: number;
  slab: number;
  /** Height of the grey rows: embeddings and final norm. */
  fixed: number;
  /** Upper edge of teacher layer i, and of student slot j. */
  layerY(layer: number): number;
  slotY(slot: number): number;
  teacherNormY: number;
  studentNormY: number;
  embeddingsY: number;
  narrow: boolean;
}

const ROW_GAP = 6;
const SMALLEST_PITCH = 18;
/** Rows above five and room beside the student: the reader stands there. */
const READER_ROWS = 5;

interface Measures {
  teacher: number;
  pull: number;
  slots: number;
  pitch: number;
  /** Where there is room to spare, rows may grow to this. */
  largestPitch: number;
  fixed: number;
}

function measuresOf(width: number): Measures {
  if (width < 560)
    return { teacher: 132 / 336, pull: 10, slots: 208 / 336, pitch: 29, largestPitch: 29, fixed: 20 };
  if (width < 800)
    return { teacher: 262 / 736, pull: 16, slots: 456 / 736, pitch: 27, largestPitch: 32, fixed: 20 };
  return { teacher: 300 / 864, pull: 18, slots: 546 / 864, pitch: 32, largestPitch: 36, fixed: 22 };
}

/**
 * The board of `layers` teacher layers and `kept` slots in `width` pixels. `room` is the height there is, or
 * null where the page scrolls. Below the smallest pitch the board is higher than its room and scrolls.
 */
export function boardGeometry(
  width: number,
  room: number | null,
  layers: number,
  kept: number,
): BoardGeometry {
  const measures = measuresOf(width);
  const narrow = width < 560;
  const around = 2 * (measures.fixed + ROW_GAP);
  const fitting = room === null ? measures.pitch : Math.floor((room - around) / layers);
  const pitch = Math.max(SMALLEST_PITCH, Math.min(measures.largestPitch, fitting));
  const gap = pitch >= 30 ? 4 : pitch >= 22 ? 3 : 2;
  const floor = measures.fixed + ROW_GAP + layers * pitch - gap;
  const rowY = (row: number) => floor - (row + 1) * pitch + gap;
  return {
    width,
    height: floor + ROW_GAP + measures.fixed,
    teacherWidth: Math.round(width * measures.teacher),
    pull: measures.pull,
    slotsFrom: Math.round(width * measures.slots),
    pitch,
    slab: pitch - gap,
    fixed: measures.fixed,
    layerY: rowY,
    slotY: rowY,
    teacherNormY: 0,
    studentNormY: rowY(kept - 1) - ROW_GAP - measures.fixed,
    embeddingsY: floor + ROW_GAP,
    narrow,
  };
}

/** A ribbon from the teacher's right edge to the student's left one, control points at half way. */
export function ribbonPath(geometry: BoardGeometry, fromY: number, toY: number, height: number): string {
  const from = geometry.teacherWidth + geometry.pull;
  const to = geometry.slotsFrom;
  const half = (from + to) / 2;
  return (
    `M${from} ${fromY}C${half} ${fromY} ${half} ${toY} ${to} ${toY}` +
    `V${toY + height}C${half} ${toY + height} ${half} ${fromY + height} ${from} ${fromY + height}Z`
  );
}

/** Where the reader stands so that it covers nothing. */
export function readerPlace(
  geometry: BoardGeometry,
  layers: number,
  kept: number,
): 'above' | 'beside' | 'below' {
  if (geometry.narrow) return 'below';
  const free = geometry.studentNormY;
  return layers - kept >= READER_ROWS && free >= 128 ? 'above' : 'beside';
}

/** The layer at a height on the board; the nearest when the pointer has left the slabs. */
export function layerAt(geometry: BoardGeometry, y: number, layers: number): number {
  const row = Math.floor((geometry.layerY(0) + geometry.slab - y) / geometry.pitch);
  return Math.min(Math.max(row, 0), layers - 1);
}
