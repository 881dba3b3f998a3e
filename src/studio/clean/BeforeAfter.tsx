/** One document as it came, with what was taken out and put in, and what is left of it. */
import { Button } from '@mantine/core';
import { Fragment } from 'react';
import { formatCount } from '../charts/format';
import { useCleaning } from './cleanStore';
import { takenWords } from './steps';

export function BeforeAfter({ documents }: { documents: number }) {
  const { compared, compare } = useCleaning();
  if (!compared) return null;
  const { parts, after, samplesIn, samplesOut, taken, bytesIn, bytesOut, tokensOut, clipped } = compared;
  const another = () => void compare((compared.document + 1) % Math.max(1, documents));
  return (
    <section className="card" aria-label="Before and after">
      <div className="between">
        <h2>Before and after</h2>
        <div className="row small muted">
          <span>
            <del className="tag">struck</del> taken out
          </span>
          <span>
            <ins className="tag">underlined</ins> put in
          </span>
          <span>
            Document {formatCount(compared.document + 1)} of {formatCount(documents)}
            {clipped && ', its start'}
          </span>
          <Button size="xs" onClick={another}>
            Another<span className="visually-hidden"> document</span>
          </Button>
        </div>
      </div>
      <div className="clean-compare">
        <div tabIndex={0} role="group" aria-label="Before">
          <p className="tiny faint">
            Before: {formatCount(samplesIn)} samples, {formatCount(bytesIn)} bytes
          </p>
          <p className="mono">
            {parts.map(({ text, kind }, i) => {
              if (kind === 'out') return <del key={i}>{text}</del>;
              return kind === 'in' ? <ins key={i}>{text}</ins> : <Fragment key={i}>{text}</Fragment>;
            })}
          </p>
        </div>
        <div tabIndex={0} role="group" aria-label="After">
          <p className="tiny faint">
            After: {formatCount(samplesOut)} samples, {formatCount(bytesOut)} bytes, {formatCount(tokensOut)}{' '}
            tokens
          </p>
          <p className="mono">{after}</p>
          <p className="small muted clean-words">
            {takenWords(samplesIn, samplesOut, taken)} This document by itself: what stands in another one too
            stays here.
          </p>
        </div>
      </div>
    </section>
  );
}
