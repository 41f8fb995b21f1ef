/**
 * Stored text inside our sections is data: it cannot forge a heading or a speaker. Every line but the first is indented by two
 * spaces, so no stored line begins where our headings and speakers do, and a leading `#` is escaped as Markdown escapes it.
 */
const LINE_END = /\r\n|[\n\r\u000B\u000C\u0085\u2028\u2029]/;
const HEADING = /^(\s*)(#{1,6})/;

export function asData(text: string): string {
  return text
    .split(LINE_END)
    .map((line, i) => (i === 0 ? '' : '  ') + line.replace(HEADING, '$1\\$2'))
    .join('\n');
}

export const HEADINGS = {
  longterm: '### Long-term Context',
  sessions: '### Recent Sessions',
  summary: '### Current Session Summary',
  memories: '### Relevant Memories',
  conversation: '### Recent Conversation',
} as const;
export type Section = keyof typeof HEADINGS;

/** The sections that have lines, each under its heading, joined by a blank line; "" when there is nothing. */
export function formatSections(lines: Record<Section, string[]>): string {
  return (Object.keys(HEADINGS) as Section[])
    .filter((section) => lines[section].length > 0)
    .map((section) => [HEADINGS[section], ...lines[section]].join('\n'))
    .join('\n\n');
}

/** Two texts that say the same: letters and digits only, case folded. */
export const sameness = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
