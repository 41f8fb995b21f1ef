const MAX_SENTENCE = 400;
const FENCE = '```';

/** Where the segmenter ends a sentence although it goes on: titles, abbreviations, a German date (`am 3. Mai`). */
const GOES_ON = /(?:^|[\s(])(?:dr|mr|mrs|ms|prof|st|no|nr|vs|e\.g|i\.e|z\.\s?b|bzw|ca|str|hr|fr|approx|\d{1,2})\.$/i;
const STARTS_MONTH_OR_NAME = /^[\p{Lu}\d]/u;
const LIST_MARK = /^\s{0,8}(?:[-*•+]|\d{1,2}[.)])\s+/;
const QUOTED_LINE = /^\s{0,8}>/;
const EMPHASIS_MARK = /\*\*|__/g;
const HEADING_OR_RULE = /^\s{0,8}(?:#{1,6}\s|[-=*_]{3,}\s*$|\|)/;

const SENTENCE_END = /[.!?。！？…؟।]/;
const WORD = /[\p{L}\p{N}]/u;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/** The sentences of a message without its code blocks, quoted lines, headings and tables; each at most 400 characters, on one line. */
export function sentencesOf(text: string): string[] {
  const found: string[] = [];
  for (const line of withoutCode(text).split(/\r?\n/)) {
    if (line.trim() === '' || QUOTED_LINE.test(line) || HEADING_OR_RULE.test(line)) continue;
    for (const sentence of splitLine(line.replace(LIST_MARK, '').replace(EMPHASIS_MARK, ''))) found.push(...cut(sentence));
  }
  return found;
}

/** Text outside of ``` fences; an unclosed fence hides the rest. */
export function withoutCode(text: string): string {
  return text
    .split(FENCE)
    .filter((_, index) => index % 2 === 0)
    .join('\n');
}

function splitLine(line: string): string[] {
  const text = line.trim();
  // starting the segmenter costs more than a short line is worth
  const end = text.search(SENTENCE_END);
  if (end < 0 || !WORD.test(text.slice(end))) return text === '' ? [] : [text];
  const joined: string[] = [];
  let open = '';
  for (const { segment } of segmenter.segment(text)) {
    const sentence = segment.trim();
    if (sentence === '') continue;
    if (open !== '' && STARTS_MONTH_OR_NAME.test(sentence)) {
      joined.push(`${joined.pop() ?? ''} ${sentence}`);
    } else {
      joined.push(sentence);
    }
    open = GOES_ON.test(sentence.slice(-12)) ? sentence : '';
  }
  return joined;
}

function cut(sentence: string): string[] {
  const pieces: string[] = [];
  let rest = sentence;
  while (rest.length > MAX_SENTENCE) {
    const space = rest.lastIndexOf(' ', MAX_SENTENCE);
    const end = space > MAX_SENTENCE / 2 ? space : MAX_SENTENCE;
    pieces.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return rest === '' ? pieces : [...pieces, rest];
}
