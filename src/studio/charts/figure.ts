/** A chart as a file that stands alone: legend, axes, colours and fonts inside. */
import type { LineChartSpec } from './spec';
import type { LineStyle } from './styles';

const SVG = 'http://www.w3.org/2000/svg';
const COPIED = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linejoin',
  'stroke-linecap',
  'opacity',
  'paint-order',
  'font-family',
  'font-size',
  'font-weight',
  'font-variant-numeric',
] as const;

/** Room above the picture for title, unit and legend. */
const HEAD = 56;
const MARGIN = 16;

/** Writes each element's resolved look onto the copy, since a file has no style sheet of the page. */
function copyLook(from: Element, to: Element): void {
  const look = getComputedStyle(from);
  for (const name of COPIED) to.setAttribute(name, look.getPropertyValue(name));
  to.removeAttribute('class');
  Array.from(from.children).forEach((child, i) => copyLook(child, to.children[i]!));
}

function element(name: string, attributes: Record<string, string | number>, text = ''): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.textContent = text;
  return made;
}

interface HeadOptions {
  width: number;
  colour: (token: string) => string;
  font: string;
}

function headOf(spec: FigureText, { width, colour, font }: HeadOptions): SVGElement[] {
  const look = { 'font-family': font, 'font-size': 12 };
  const parts = [
    element(
      'text',
      { ...look, x: MARGIN, y: 24, 'font-size': 14, 'font-weight': 600, fill: colour('text') },
      spec.title,
    ),
    element(
      'text',
      { ...look, x: width - MARGIN, y: 24, 'text-anchor': 'end', fill: colour('text-3') },
      spec.unit,
    ),
  ];
  let x = MARGIN;
  for (const { label, style } of spec.legend) {
    const line = {
      d: `M${x} 42h24`,
      stroke: colour(style.colour),
      'stroke-width': 2,
      'stroke-dasharray': style.dash || 'none',
    };
    parts.push(element('path', line));
    parts.push(element('text', { ...look, x: x + 30, y: 46, fill: colour('text-2') }, label));
    x += 30 + label.length * 6.6 + 18;
  }
  return parts;
}

export interface FigureText {
  title: string;
  unit: string;
  legend: { label: string; style: LineStyle }[];
}

/** Title, unit and legend of a line chart's file. */
function figureText(spec: LineChartSpec): FigureText {
  return { title: spec.title, unit: spec.unit, legend: [...spec.series, ...(spec.references ?? [])] };
}

/** The picture as a whole SVG document in the colours of the present scheme. */
export function figureSvg(svg: SVGSVGElement, text: FigureText): string {
  const width = svg.clientWidth + 2 * MARGIN;
  const height = svg.clientHeight + HEAD + MARGIN;
  const look = getComputedStyle(svg);
  const colour = (token: string) => look.getPropertyValue(`--decant-${token}`).trim();
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copyLook(svg, copy);
  copy.setAttribute('x', String(MARGIN));
  copy.setAttribute('y', String(HEAD));
  copy.querySelectorAll('[data-passing]').forEach((passing) => passing.remove());
  const whole = element('svg', { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` });
  whole.append(
    element('title', {}, `${text.title}. ${svg.getAttribute('aria-label') ?? ''}`),
    element('rect', { width, height, fill: colour('surface') }),
    ...headOf(text, { width, colour, font: look.fontFamily }),
    copy,
  );
  return new XMLSerializer().serializeToString(whole);
}

/** Hands a file to the browser's downloads. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The click starts the download; the address is not needed once it has been read.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function saveText(text: string, name: string, type: string): void {
  saveBlob(new Blob([text], { type: `${type};charset=utf-8` }), name);
}

export function saveFigure(svg: SVGSVGElement, text: FigureText, name: string): void {
  saveText(figureSvg(svg, text), `${name}.svg`, 'image/svg+xml');
}

export function saveSvg(svg: SVGSVGElement, spec: LineChartSpec, name: string): void {
  saveFigure(svg, figureText(spec), name);
}

export async function savePng(svg: SVGSVGElement, spec: LineChartSpec, name: string): Promise<void> {
  saveBlob(await figurePng(svg, figureText(spec)), `${name}.png`);
}

/** The picture at twice its size, for slides. */
export async function figurePng(svg: SVGSVGElement, text: FigureText): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(figureSvg(svg, text))}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width * 2, image.height * 2);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser gives no canvas to draw the PNG on');
  context.scale(2, 2);
  context.drawImage(image, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
