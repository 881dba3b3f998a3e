/** The kept layers as tall dots among short ones; the words are for those who do not see it. */
export function LayerGlyph({
  layers,
  nLayer,
  teacher = false,
}: {
  layers: readonly number[];
  nLayer: number;
  teacher?: boolean;
}) {
  const kept = new Set(layers);
  const pitch = nLayer <= 24 ? 5 : 120 / nLayer;
  const wide = pitch * 0.8;
  const colour = teacher ? 'var(--decant-teacher)' : 'var(--decant-student)';
  return (
    <>
      <svg width={nLayer * pitch - pitch + wide} height={8} aria-hidden="true">
        {Array.from({ length: nLayer }, (_, layer) =>
          kept.has(layer) ? (
            <rect key={layer} x={layer * pitch} y={0} width={wide} height={8} rx={1} fill={colour} />
          ) : (
            <rect
              key={layer}
              x={layer * pitch}
              y={3}
              width={wide}
              height={2}
              rx={1}
              fill="var(--decant-axis)"
            />
          ),
        )}
      </svg>
      <span className="visually-hidden">
        {layers.length === nLayer ? 'all layers' : `layers ${layers.join(', ')}`}
      </span>
    </>
  );
}
