import { useRef, type KeyboardEvent } from 'react';

interface TokenStripProps {
  label: string;
  tokens: readonly { text: string }[];
  /** The chosen one, at least 1: nothing stands before the first. */
  position: number;
  onChange: (position: number) => void;
}

/** A short text as its tokens, of which one is chosen: by a click, or with the arrow keys. */
export function TokenStrip({ label, tokens, position, onChange }: TokenStripProps) {
  const list = useRef<HTMLDivElement>(null);
  const choose = (wanted: number) => {
    const next = Math.max(1, Math.min(tokens.length - 1, wanted));
    onChange(next);
    list.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowLeft: position - 1,
      ArrowUp: position - 1,
      ArrowRight: position + 1,
      ArrowDown: position + 1,
      Home: 1,
      End: tokens.length - 1,
    };
    const wanted = moves[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    choose(wanted);
  };
  return (
    <div className="token-strip" role="listbox" aria-label={label} ref={list} onKeyDown={onKeyDown}>
      {tokens.map(({ text }, index) => (
        <span
          key={index}
          data-index={index}
          role="option"
          aria-selected={index === position}
          aria-disabled={index === 0 || undefined}
          aria-label={text.trim() === '' ? 'blank' : text}
          tabIndex={index === position ? 0 : -1}
          className={index === position ? 'token chosen' : index === 0 ? 'token first' : 'token'}
          onClick={() => index > 0 && choose(index)}
        >
          {text.replaceAll('\n', '↵')}
        </span>
      ))}
    </div>
  );
}
