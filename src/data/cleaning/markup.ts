/**
 * Markup in text. A text that is no page may hold tags, entities, scripts; or signs that only look like them (`a < b`,
 * `List<String>`, `R&D`), which stay. What is recognised is handed to the parser, everything else is quoted first.
 * Stripping goes on until nothing is left to strip, as decoding may uncover tags: so a text that was cleaned stays.
 */
import { Parser } from 'htmlparser2';

const ELEMENTS = `a abbr acronym address area article aside audio b base bdi bdo big blockquote body br button canvas
  caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset
  figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins
  kbd label legend li link main map mark marquee menu meta meter nav nobr noembed noframes noscript object ol optgroup
  option output p param picture pre progress q rp rt ruby s samp script section select small source span strike strong
  style sub summary sup svg path g table tbody td template textarea tfoot th thead time title tr track tt u ul var video
  wbr xmp`;

// No look at the next line: a tag that a cleaned text does not hold must not appear when a line between goes.
const ATTRIBUTES = String.raw`(?:[^<>\n"']|"[^"\n]{0,20000}"|'[^'\n]{0,20000}'){0,2000}`;
const NAMES = `(?:${ELEMENTS.trim().split(/\s+/).join('|')}|(?:o|v|w|st1|fb):[a-z]+)`;
const TAG = String.raw`<\/?${NAMES}(?=[\s/>])${ATTRIBUTES}>`;
const ENTITY = String.raw`&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});`;
const DECLARATION = String.raw`<[!?][a-z][^<>\n]{0,2000}>`;

/** Groups: what opens and closes a comment, a declaration, a tag, an entity, a sign to be quoted. */
const MARKUP = new RegExp(`(<!--)|(${DECLARATION})|(${TAG})|(${ENTITY})|[<&]`, 'gi');
const ANY = new RegExp(`<!--|${DECLARATION}|${TAG}|${ENTITY}`, 'i');

/** What hides everything up to its end tag from a reader, or from the parser. */
const OPAQUE = /^<(script|style|title|textarea|xmp|iframe|noembed|noframes)\b/i;
const INVISIBLE = new Set(['script', 'style', 'xmp', 'iframe', 'noembed', 'noframes']);

const BREAKS = /^(?:br|p|div|li|ul|ol|dl|dt|dd|table|tr|h[1-6]|hr|pre|blockquote|section|article)$/;

const PAGE = new RegExp(
  String.raw`<!doctype[ \t]+html[^<>\n]*>|<(?:html|head|body)(?=[\s/>])${ATTRIBUTES}>`,
  'i',
);
const WHOLE = new RegExp(String.raw`^\s*(?:${TAG}|${DECLARATION})`, 'i');

/** Whether a document that begins like this is a page rather than a text: it says so, or it is tags from end to end. */
export function looksLikePage(start: string): boolean {
  if (!start.includes('<')) return false;
  if (WHOLE.test(start) && /<\/[a-z]+>\s*$/i.test(start)) return true;
  return PAGE.test(start.slice(0, 4000)) && /<\/(?:html|head|body|title|div|p)>/i.test(start);
}

/** Whether there is anything in a text that `stripMarkup` recognises, at a glance. */
export const mayHoldMarkup = (text: string): boolean => text.includes('<') || text.includes('&');

function stripOnce(text: string, dropped: (text: string, reason: string) => void): string {
  let hidden = 0;
  let hiddenText = '';
  let out = '';
  const parser = new Parser(
    {
      onopentag(name) {
        if (INVISIBLE.has(name)) hidden++;
        if (BREAKS.test(name)) out += '\n';
        if (name === 'td' || name === 'th') out += ' ';
      },
      onclosetag(name) {
        if (INVISIBLE.has(name)) {
          hidden--;
          if (hiddenText.trim() !== '') dropped(hiddenText, name);
          hiddenText = '';
        }
        if (BREAKS.test(name) && name !== 'br') out += '\n';
      },
      ontext(piece) {
        if (hidden === 0) out += piece;
        else if (hiddenText.length < 1000) hiddenText += piece;
      },
    },
    { decodeEntities: true },
  );
  parser.write(quoteStray(text, dropped));
  parser.end();
  return out;
}

/** What is no markup is quoted, comments and declarations are cut out, and so are start tags that are never closed. */
function quoteStray(text: string, dropped: (text: string, reason: string) => void): string {
  // Positions before which no end is left: a search that failed once need not be tried again.
  const absent = new Set<string>();
  const lower = text.toLowerCase();
  const find = (what: string, from: number) => {
    if (absent.has(what)) return -1;
    const at = lower.indexOf(what, from);
    if (at < 0) absent.add(what);
    return at;
  };
  let out = '';
  let from = 0;
  MARKUP.lastIndex = 0;
  for (let match = MARKUP.exec(text); match; match = MARKUP.exec(text)) {
    const [all, comment, declaration, tag, entity] = match;
    out += text.slice(from, match.index);
    from = match.index + all.length;
    if (comment !== undefined) {
      const end = find('-->', from);
      if (end >= 0) {
        if (text.slice(from, end).trim() !== '') dropped(text.slice(from, end), 'comment');
        from = end + 3;
        MARKUP.lastIndex = from;
      }
    } else if (tag !== undefined) {
      const opaque = OPAQUE.exec(tag)?.[1]?.toLowerCase();
      if (opaque === undefined || find(`</${opaque}>`, from) >= 0) out += tag;
    } else if (entity !== undefined) out += entity;
    else if (declaration === undefined) out += all === '<' ? '&lt;' : '&amp;';
  }
  return out + text.slice(from);
}

const nothing = () => undefined;

/** Whether a line is tags and white space, at least one tag. */
export function isOnlyMarkup(line: string): boolean {
  return (
    ANY.test(line) &&
    line
      .replace(MARKUP, (all, _comment, declaration, tag) => ((declaration ?? tag) ? '' : all))
      .replace(/&nbsp;/g, '')
      .trim() === ''
  );
}

/** What was taken out of a line, for people. */
export function markupIn(line: string): string {
  let tags = 0;
  let entities = 0;
  for (const match of line.matchAll(MARKUP)) {
    if (match[4] !== undefined) entities++;
    else if (match[3] !== undefined || match[2] !== undefined || match[1] !== undefined) tags++;
  }
  const parts = [
    tags > 0 && `${tags} ${tags === 1 ? 'tag' : 'tags'}`,
    entities > 0 && `${entities} ${entities === 1 ? 'entity' : 'entities'}`,
  ];
  return parts.filter(Boolean).join(', ');
}

/** A text without markup. Lines stay lines; blocks begin new ones. */
export function stripMarkup(text: string, dropped: (text: string, reason: string) => void = nothing): string {
  let stripped = text;
  while (mayHoldMarkup(stripped) && ANY.test(stripped)) {
    const next = stripOnce(stripped, dropped);
    // An entity without a meaning (`&nosuchthing;`) stays.
    if (next === stripped) break;
    stripped = next;
  }
  return stripped;
}
