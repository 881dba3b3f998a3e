import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cleaner, type DocumentKind } from './cleaner';
import type { CleaningReport } from './report';
import { sentencesOf } from './sentences';
import { PAPER_CLEANING, type CleaningSettings } from '../../recipe/cleaning';

interface Cleaned {
  documents: string[];
  report: CleaningReport;
}

/** Cleans documents given in pieces. */
function cleanPieces(
  documents: readonly (readonly string[])[],
  change: Partial<CleaningSettings> = {},
  kind: DocumentKind = 'text',
): Cleaned {
  const out: string[] = [];
  const cleaner = new Cleaner(
    { ...PAPER_CLEANING, ...change },
    {
      begin: () => void out.push(''),
      text: (piece) => void (out[out.length - 1] += piece),
      end: () => undefined,
    },
  );
  for (const pieces of documents) {
    cleaner.begin(kind);
    pieces.forEach((piece) => cleaner.write(piece));
    cleaner.end();
  }
  return { documents: out, report: cleaner.report() };
}

const clean = (documents: readonly string[], change: Partial<CleaningSettings> = {}, kind?: DocumentKind) =>
  cleanPieces(
    documents.map((text) => [text]),
    change,
    kind,
  );

const one = (text: string, change?: Partial<CleaningSettings>, kind?: DocumentKind) =>
  clean([text], change, kind).documents[0] ?? '';

const ALL_KEPT = { minWords: 0, maxSymbols: 1, duplicates: 'off' } as const;

describe('the example of the design', () => {
  const before = [
    '<h2>News</h2>',
    '<p>The council met on Monday to decide about the old bridge.</p>',
    'Read more',
    '+++ 12:40 +++ 12:38 +++',
    'It will be closed from May&nbsp;to August, said the mayor.',
    'The council met on Monday to decide about the old bridge.',
    '© ® ™',
  ].join('\n');

  test('leaves the two sentences that say something', () => {
    const { documents, report } = clean([before]);
    expect(documents[0]!.split(/\n+/)).toEqual([
      'The council met on Monday to decide about the old bridge.',
      'It will be closed from May to August, said the mayor.',
    ]);
    expect(report.samplesOut).toBe(2);
    expect(report.steps.map(({ step, samplesIn, samplesOut }) => [step, samplesIn, samplesOut])).toEqual([
      ['html', 7, 7],
      ['short', 7, 4],
      ['symbols', 4, 3],
      ['duplicates', 3, 2],
    ]);
    expect(report.steps.map(({ examples }) => examples.map(({ reason }) => reason))).toEqual([
      [],
      ['1 word', '2 words', '3 words'],
      ['48 % symbols'],
      ['seen before'],
    ]);
    expect(report.changedExamples.map(({ reason }) => reason)).toEqual(['2 tags', '2 tags', '1 entity']);
  });
});

/** Letters, ends of sentences, markup in pieces, special tokens, what is invisible, and pairs of surrogates. */
const PIECES = [
  ...['a', 'Be', 'word ', 'Next sentence ends here. ', 'It is so! ', 'And 3.5 or 1. 2', '...', '." ', ') '],
  ...[
    '<b>',
    '</b>',
    '<a ',
    '<',
    '>',
    '<script>',
    '</script>',
    '<p>',
    '<nav>',
    '<!--',
    '-->',
    '<!doctype html>',
  ],
  ...[
    '<html>',
    '</p>',
    '<svg',
    '/>',
    '"',
    "'",
    '&amp;',
    '&lt;',
    '&',
    'lt;',
    '&#8;',
    '&nbsp;',
    '&#xD83D;',
    '<title>',
  ],
  ...[
    '<|endoftext|>',
    '<|',
    'endoftext',
    '|>',
    '\n',
    '\r\n',
    '\n\n',
    ' ',
    '\t',
    '\u00a0',
    '\u2028',
    '\u0000',
    '\u00ad',
  ],
  ...[
    '😀',
    '\ud83d',
    '\ude00',
    '中文。',
    'ยินดี',
    'é',
    'e\u0301',
    '★',
    '12',
    '$',
    '-',
    'ΑΣ. ',
    '<plaintext>',
    '<pre>',
  ],
];
const nasty = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(''));
const settings = fc.record({
  html: fc.boolean(),
  sentences: fc.boolean(),
  minWords: fc.constantFrom(0, 1, 3, 5),
  maxSymbols: fc.constantFrom(0.1, 0.3, 1),
  duplicates: fc.constantFrom('off', 'exact', 'loose', 'near'),
} as const);

const word = fc.stringMatching(/^[a-z]{2,9}$/);
const cleanSentence = fc
  .array(word, { minLength: 5, maxLength: 20 })
  .map((words) => `${words.join(' ').replace(/^./, (first) => first.toUpperCase())}.`);
const cleanDocument = fc
  .array(fc.array(cleanSentence, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 })
  .map((paragraphs) => paragraphs.map((sentences) => sentences.join(' ')).join('\n\n'));

describe('whatever the text', () => {
  test('what is clean stays as it is', () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 5 }), settings, (documents, change) => {
        const { documents: once } = clean(documents, change);
        expect(clean(once, change).documents).toEqual(once);
      }),
      { numRuns: 3000, seed: 1 },
    );
  });

  test('how it comes in pieces makes no difference', () => {
    const pieces = fc.array(fc.string({ unit: 'binary', maxLength: 8 }).map(String), { maxLength: 6 });
    const mixed = fc.array(
      fc.oneof(
        fc.constantFrom(...PIECES),
        pieces.map((parts) => parts.join('')),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(mixed, settings, fc.boolean(), (parts, change, isPage) => {
        const kind = isPage ? 'page' : 'text';
        const units = parts.join('').split('');
        expect(cleanPieces([units], change, kind)).toEqual(cleanPieces([[parts.join('')]], change, kind));
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  test('no surrogate pair is split, and no special token comes through', () => {
    fc.assert(
      fc.property(nasty, settings, (text, change) => {
        const { documents } = clean([text], change);
        expect(documents.join('')).not.toMatch(/\p{Cs}|<\|\w+\|>/u);
      }),
      { numRuns: 1000, seed: 3 },
    );
  });

  test('a clean document is not lost, and not changed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(cleanDocument, { minLength: 1, maxLength: 4 }), (documents) => {
        expect(clean(documents, { duplicates: 'off' }).documents).toEqual(documents);
        expect(clean(documents).documents.length).toBeGreaterThan(0);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  test('the counts add up', () => {
    fc.assert(
      fc.property(fc.array(nasty, { maxLength: 5 }), settings, (documents, change) => {
        const { documents: out, report } = clean(documents, change);
        const { steps, samplesIn, samplesOut, bytesOut } = report;
        const chain = [samplesIn, ...steps.map((step) => step.samplesOut)];
        expect(chain).toEqual([...chain].sort((a, b) => b - a));
        expect(steps.map((step) => step.samplesIn)).toEqual(chain.slice(0, -1));
        expect(samplesOut).toBe(chain.at(-1));
        expect(report.documentsOut).toBe(out.length);
        expect(bytesOut).toBeLessThanOrEqual(new TextEncoder().encode(out.join('')).length);
      }),
      { numRuns: 500, seed: 5 },
    );
  });
});

describe('markup', () => {
  test('what only looks like it stays', () => {
    const text = 'If a < b and c > d then List<String> & R&D are at <http://a.b/?x=1&copy=2> &nosuch; ok.';
    expect(one(text, ALL_KEPT)).toBe(text);
    expect(one('A <script> that is never closed hides nothing.', ALL_KEPT)).toBe(
      'A that is never closed hides nothing.',
    );
  });

  test('escaped markup goes too, so that cleaning again changes nothing', () => {
    expect(one('Fish &amp;amp; chips with &lt;b&gt;salt&lt;/b&gt;', ALL_KEPT)).toBe('Fish & chips with salt');
  });

  test('a page is read in order, without what stands around it', () => {
    const page = `<!DOCTYPE html><html><head><title>T</title><style>p { x }</style></head><body>
      <header>Site</header><nav><a href=/>Home</a></nav>
      <main><h1>The   lake</h1><p>It froze in <b>January</b>,&nbsp;and
      stayed so.<script>if (a < b) x()</script></p><ul><li>One</li><li>Two</li></ul>
      <pre>a\n  b</pre><p><a href=x>Read</a> <a href=y>more</a></p></main><footer>© us</footer></body></html>`;
    const { documents, report } = clean([page], ALL_KEPT);
    expect(documents[0]!.split('\n')).toEqual([
      'The lake',
      'It froze in January, and stayed so.',
      'One',
      'Two',
      'a',
      'b',
    ]);
    expect(report.steps[0]!.examples.map(({ reason }) => reason)).toEqual([
      'title',
      'style',
      'header',
      'nav',
      'script',
      'links',
      'footer',
    ]);
  });
});

test('a line of a million characters is cut behind a sentence, a text of many blocks nowhere else', () => {
  const sentence = (i: number) => `The sentence with the number ${i} is one of very many here.`;
  const text = Array.from({ length: 40_000 }, (_, i) => sentence(i)).join(' ');
  const cleaned = one(text);
  expect(cleaned.replaceAll('\n', ' ') === text).toBe(true);
  expect(cleaned.split('\n').length).toBe(Math.ceil(text.length / (1 << 20)));
  const lines = text.replaceAll('. ', '.\n');
  expect(one(lines) === lines).toBe(true);
});

test('a long line has the sentences that it has as a whole', () => {
  const whole = new Intl.Segmenter('en', { granularity: 'sentence' });
  const signs = fc.constantFrom(
    ...PIECES.filter((piece) => !/[\n\r\u2028]/.test(piece)),
    'word',
    ' and ',
    'x',
    '3',
  );
  fc.assert(
    fc.property(fc.array(signs, { minLength: 1000, maxLength: 2500 }), (pieces) => {
      const line = pieces.join(' ');
      expect([...sentencesOf(line)]).toEqual(Array.from(whole.segment(line), ({ segment }) => segment));
    }),
    { numRuns: 30, seed: 6 },
  );
});

test('duplicates: the first one stays, over all documents; case and spaces as asked', () => {
  const documents = [
    'The match ended one all today.',
    'the match ended  one all TODAY.',
    'The match ended one all today.',
  ];
  expect(clean(documents).documents).toHaveLength(2);
  expect(clean(documents, { duplicates: 'loose' }).documents).toEqual([documents[0]]);
});

test('near duplicates: a changed word in a long sentence is the same, other sentences are not', () => {
  const words = Array.from({ length: 60 }, (_, i) => `word${i}`);
  const changed = words.with(59, 'other');
  const others = words.toReversed();
  const documents = [words, changed, others].map((each) => each.join(' '));
  expect(clean(documents, { duplicates: 'exact' }).documents).toHaveLength(3);
  expect(clean(documents, { duplicates: 'near' }).documents).toEqual([documents[0], documents[2]]);
});

test('a threshold out of range is refused', () => {
  expect(() => clean([], { minWords: -1 })).toThrow('the fewest words of a sample are -1');
  expect(() => clean([], { maxSymbols: 10 })).toThrow('the largest share of symbols is 10');
});
