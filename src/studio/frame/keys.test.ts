import { describe, expect, test } from 'vitest';
import { keyCommand, type KeyContext } from './keys';

const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
const context: KeyContext = { typing: false, singleKeys: true, awaiting: false, place: 'compose' };
const press = (key: string, more = {}, at: Partial<KeyContext> = {}) =>
  keyCommand({ ...none, key, ...more }, { ...context, ...at });

describe('keys of the page', () => {
  test('g and a letter go to a place', () => {
    expect(press('g')).toEqual({ type: 'await' });
    expect(press('m', {}, { awaiting: true })).toEqual({ type: 'go', place: 'compare' });
    expect(press('m')).toBeNull();
    expect(press('x', {}, { awaiting: true })).toBeNull();
  });

  test('Ctrl Enter runs even while a field has the focus', () => {
    expect(press('Enter', { ctrlKey: true }, { typing: true })).toEqual({ type: 'run' });
  });

  test('undo and redo are the field’s own while typing', () => {
    expect(press('z', { ctrlKey: true })).toEqual({ type: 'undo' });
    expect(press('Z', { ctrlKey: true, shiftKey: true })).toEqual({ type: 'redo' });
    expect(press('z', { ctrlKey: true }, { typing: true })).toBeNull();
  });

  test('letters that steer a run act in Run only', () => {
    expect(press('p')).toBeNull();
    expect(press('p', {}, { place: 'run' })).toEqual({ type: 'pause' });
    expect(press('.', {}, { place: 'run' })).toEqual({ type: 'stepOnce' });
    expect(press('S', { shiftKey: true }, { place: 'run' })).toEqual({ type: 'stop' });
    expect(press('s', {}, { place: 'run' })).toBeNull();
  });

  test('single letters can be switched off; combinations stay', () => {
    expect(press('?', {}, { singleKeys: false })).toBeNull();
    expect(press('g', {}, { singleKeys: false })).toBeNull();
    expect(press('Enter', { ctrlKey: true }, { singleKeys: false })).toEqual({ type: 'run' });
  });
});
