import { describe, expect, test } from 'vitest';
import { boardGeometry, layerAt, readerPlace, ribbonPath } from './boardGeometry';
import { boardKey, layersBetween, setLayers, setRange, toggleLayer, type BoardState } from './boardKeys';

const state: BoardState = { kept: [0, 2, 4], layers: 6, focus: 2, anchor: 2 };
const press = (key: string, more = {}) => boardKey({ key, shiftKey: false, ctrlKey: false, ...more }, state);

describe('keys on the board', () => {
  test('arrows move by one layer, upwards to the last layer, and stay on the board', () => {
    expect(press('ArrowUp')).toEqual({ type: 'focus', focus: 3, anchor: 3 });
    expect(press('ArrowDown')).toEqual({ type: 'focus', focus: 1, anchor: 1 });
    const top = { ...state, focus: 5 };
    expect(boardKey({ key: 'ArrowUp', shiftKey: false, ctrlKey: false }, top)).toMatchObject({ focus: 5 });
  });

  test('Home is the top of the list, the last layer', () => {
    expect(press('Home')).toMatchObject({ focus: 5 });
    expect(press('End')).toMatchObject({ focus: 0 });
  });

  test('Space keeps or leaves out the layer in focus', () => {
    expect(press(' ')).toMatchObject({ type: 'keep', kept: [0, 4] });
  });

  test('Shift and an arrow give the next layer the state of the anchor', () => {
    expect(press('ArrowUp', { shiftKey: true })).toEqual({
      type: 'keep',
      kept: [0, 2, 3, 4],
      focus: 3,
      anchor: 2,
    });
  });

  test('plus and minus ask for another k, Ctrl A for all', () => {
    expect(press('+')).toEqual({ type: 'resize', by: 1 });
    expect(press('-')).toEqual({ type: 'resize', by: -1 });
    expect(press('a', { ctrlKey: true })).toMatchObject({ kept: [0, 1, 2, 3, 4, 5] });
  });

  test('N goes to the next kept layer and around, Shift N back', () => {
    expect(press('n')).toMatchObject({ focus: 4 });
    expect(press('N', { shiftKey: true })).toMatchObject({ focus: 0 });
    expect(boardKey({ key: 'n', shiftKey: false, ctrlKey: false }, { ...state, focus: 4 })).toMatchObject({
      focus: 0,
    });
  });

  test('other keys are left to the page', () => {
    expect(press('x')).toBeNull();
    expect(press('z', { ctrlKey: true })).toBeNull();
  });
});

describe('sets', () => {
  test('toggle, set and range stay ascending', () => {
    expect(toggleLayer([4, 9], 6)).toEqual([4, 6, 9]);
    expect(setLayers([1, 2, 3], [2, 3], false)).toEqual([1]);
    expect(layersBetween(5, 3)).toEqual([3, 4, 5]);
    expect(setRange([0, 1, 5], 5, 2)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(setRange([0, 1, 2], 5, 1)).toEqual([0]);
  });
});

describe('the drawing', () => {
  test('has the sizes of the design at its three widths', () => {
    const wide = boardGeometry(864, null, 12, 6);
    expect(wide).toMatchObject({
      teacherWidth: 300,
      pull: 18,
      slotsFrom: 546,
      pitch: 32,
      slab: 28,
      height: 436,
    });
    expect(wide.studentNormY).toBe(192);
    const middle = boardGeometry(736, null, 12, 6);
    expect(middle).toMatchObject({ teacherWidth: 262, slotsFrom: 456, pitch: 27, slab: 24 });
    expect(boardGeometry(336, null, 12, 6)).toMatchObject({
      teacherWidth: 132,
      slotsFrom: 208,
      pitch: 29,
      slab: 26,
    });
  });

  test('fits its room down to the smallest pitch, and is higher than its room below that', () => {
    const fitting = boardGeometry(864, 400, 12, 6);
    expect(fitting.height).toBeLessThanOrEqual(400);
    const deep = boardGeometry(864, 400, 48, 6);
    expect(deep.pitch).toBe(18);
    expect(deep.height).toBeGreaterThan(400);
  });

  test('stands teacher and student on one floor', () => {
    const g = boardGeometry(864, null, 12, 6);
    expect(g.layerY(0)).toBe(g.slotY(0));
    expect(ribbonPath(g, 10, 20, 28)).toBe('M318 10C432 10 432 20 546 20V48C432 48 432 38 318 38Z');
  });

  test('finds the layer under the pointer, the nearest one outside', () => {
    const g = boardGeometry(864, null, 12, 6);
    for (let layer = 0; layer < 12; layer++) expect(layerAt(g, g.layerY(layer) + 10, 12)).toBe(layer);
    expect(layerAt(g, -50, 12)).toBe(11);
    expect(layerAt(g, 999, 12)).toBe(0);
  });

  test('puts the reader above the student while five rows are free', () => {
    expect(readerPlace(boardGeometry(864, null, 12, 6), 12, 6)).toBe('above');
    expect(readerPlace(boardGeometry(864, null, 12, 8), 12, 8)).toBe('beside');
    expect(readerPlace(boardGeometry(336, null, 12, 6), 12, 6)).toBe('below');
  });
});
