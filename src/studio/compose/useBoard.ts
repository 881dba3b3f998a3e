import {
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type RefObject,
} from 'react';
import { keptLayers, withKeep, withLayers } from '../selectionState';
import { useStudio } from '../store';
import type { ModelCard } from '../../worker/protocol';
import { layerAt, type BoardGeometry } from './boardGeometry';
import { boardKey, layersBetween, setLayers, setRange, toggleLayer } from './boardKeys';

/** A press on a slab that has not been released: setting every layer it passes, or stretching a range. */
type Press = { kind: 'paint'; on: boolean; last: number } | { kind: 'range'; anchor: number; to: number };

const LAST_STAYS = 'At least one layer stays.';

/** State and events of the layer board. */
export function useBoard(teacher: ModelCard, geometry: BoardGeometry, list: RefObject<SVGGElement | null>) {
  const layers = teacher.config.nLayer;
  const recipe = useStudio((state) => state.recipe);
  const edit = useStudio((state) => state.edit);
  const kept = keptLayers(recipe, teacher);
  const [focus, setFocus] = useState(layers - 1);
  const [hover, setHover] = useState<number | null>(null);
  const [focused, setFocused] = useState(false);
  const [press, setPress] = useState<Press | null>(null);
  const [notice, setNotice] = useState('');
  const anchor = useRef(layers - 1);
  const pointerHandled = useRef(false);

  const keep = (next: readonly number[], group?: string) => {
    setNotice(next.length === 0 ? LAST_STAYS : '');
    edit((old) => withLayers(old, next), group);
  };
  const focusOn = (layer: number) => {
    setFocus(layer);
    list.current?.querySelector<SVGGElement>(`[data-layer="${layer}"]`)?.focus();
  };
  const layerOf = (event: PointerEvent<Element> | MouseEvent<Element>) => {
    const slab = (event.target as Element).closest('[data-layer]');
    return slab ? Number(slab.getAttribute('data-layer')) : null;
  };
  const layerUnder = (event: PointerEvent<SVGGElement>) => {
    const top = event.currentTarget.ownerSVGElement!.getBoundingClientRect().top;
    return layerAt(geometry, event.clientY - top, layers);
  };

  const onPointerDown = (event: PointerEvent<SVGGElement>) => {
    const layer = layerOf(event);
    // A finger scrolls; its tap comes as a click.
    if (layer === null || event.pointerType === 'touch' || event.button !== 0) return;
    pointerHandled.current = true;
    event.currentTarget.setPointerCapture(event.pointerId);
    focusOn(layer);
    event.preventDefault();
    if (event.shiftKey) {
      setPress({ kind: 'range', anchor: anchor.current, to: layer });
      return;
    }
    anchor.current = layer;
    const on = !kept.includes(layer);
    setPress({ kind: 'paint', on, last: layer });
    keep(toggleLayer(kept, layer), 'board');
  };
  const onPointerMove = (event: PointerEvent<SVGGElement>) => {
    if (!press) return;
    const layer = layerUnder(event);
    if (press.kind === 'range') setPress({ ...press, to: layer });
    else if (layer !== press.last) {
      setPress({ ...press, last: layer });
      // All layers passed since the last event: a fast pointer leaves none out.
      keep(setLayers(kept, layersBetween(press.last, layer), press.on), 'board');
    }
  };
  const onPointerUp = () => {
    if (press?.kind === 'range') keep(setRange(kept, press.anchor, press.to));
    setPress(null);
  };
  const onClick = (event: MouseEvent<SVGGElement>) => {
    const layer = layerOf(event);
    if (!pointerHandled.current && layer !== null) {
      anchor.current = layer;
      keep(toggleLayer(kept, layer));
    }
    pointerHandled.current = false;
  };
  const onKeyDown = (event: KeyboardEvent<SVGGElement>) => {
    const { key, shiftKey, altKey } = event;
    const ctrlKey = event.ctrlKey || event.metaKey;
    const action = altKey
      ? null
      : boardKey({ key, shiftKey, ctrlKey }, { kept, layers, focus, anchor: anchor.current });
    if (!action) return;
    event.preventDefault();
    if (action.type === 'resize') {
      edit((old) => withKeep(old, teacher, kept.length + action.by), 'keep');
      return;
    }
    anchor.current = action.anchor;
    if (action.type === 'keep') keep(action.kept);
    if (action.focus !== focus) focusOn(action.focus);
  };

  const active = hover ?? (focused ? focus : null);
  const range = press?.kind === 'range' ? layersBetween(press.anchor, press.to) : [];
  return {
    kept,
    focus,
    active,
    range,
    notice,
    setFocus,
    setHover,
    handlers: {
      onPointerDown,
      onPointerMove,
      onPointerUp,
      onPointerCancel: () => setPress(null),
      onClick,
      onKeyDown,
      // Only the keyboard's focus shows a layer's details; the pointer has its own way.
      onFocus: (event: { target: Element }) => setFocused(event.target.matches(':focus-visible')),
      onBlur: () => setFocused(false),
    },
  };
}
