import { useLayoutEffect, useRef, useState } from 'react';

/** The size of an element in whole pixels, kept up to date; zero before it is laid out. */
export function useSize<T extends Element>() {
  const ref = useRef<T>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSize((old) => {
        const next = { width: Math.round(width), height: Math.round(height) };
        return old.width === next.width && old.height === next.height ? old : next;
      });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, size] as const;
}
