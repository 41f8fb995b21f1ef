import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTranscript, type TranscriptMessage } from '../../src/lib/memory/transcripts/transcript-parse.ts';

const AT = '2024-01-15T09:00:00.000Z';

function messagesOf(text: string, user?: string): TranscriptMessage[] {
  const parsed = parseTranscript(text, { at: AT, user });
  if ('refused' in parsed) throw new Error(`refused: ${parsed.refused}`);
  return parsed.messages;
}
/** `role(name): content`, a message a line. */
const told = (text: string, user?: string): string[] =>
  messagesOf(text, user).map(({ role, name, content }) => `${role}${name ? `(${name})` : ''}: ${content}`);

test.each([
  ['User and Assistant', 'User: hi\nAssistant: hello', ['user: hi', 'assistant: hello']],
  ['Human and AI', 'Human: hi\nAI: hello', ['user: hi', 'assistant: hello']],
  ['capitals and blanks', 'USER : hi\nASSISTANT:hello', ['user: hi', 'assistant: hello']],
  ['Customer and Support', 'Customer: help\nSupport: sure', ['user: help', 'assistant: sure']],
  ['a role with a name', 'Support Agent Mia: hi\nCustomer 2: help', ['assistant(Support Agent Mia): hi', 'user: help']],
  ['German', 'Kunde: Hallo\nBeraterin: Guten Tag', ['user: Hallo', 'assistant: Guten Tag']],
  ['system and tool', 'System: be kind\nUser: hi\nTool: {}', ['system: be kind', 'user: hi', 'tool: {}']],
  ['names: the first is the user', 'Ada: hi\nBob: hello\nAda: bye', ['user(Ada): hi', 'assistant(Bob): hello', 'user(Ada): bye']],
  ['a name beside the user', 'User: hi\nMia: hello\nMia: bye', ['user: hi', 'assistant(Mia): hello', 'assistant(Mia): bye']],
  ['a name beside the agent', 'Agent: hi\nAda: hello\nAda: bye', ['assistant: hi', 'user(Ada): hello', 'user(Ada): bye']],
  ['bold, colon inside', '**Ada:** hi\n**Bob:** hello', ['user(Ada): hi', 'assistant(Bob): hello']],
  ['bold, colon outside', '**User**: hi\n__Assistant__: hello', ['user: hi', 'assistant: hello']],
  ['headings', '## User\nhi\n\n## Assistant\nhello', ['user: hi', 'assistant: hello']],
  ['lines that go on', 'User: one\ntwo\n\nthree\nAssistant: ok', ['user: one\ntwo\n\nthree', 'assistant: ok']],
  ['CRLF and BOM', '\uFEFFUser: one\r\ntwo\r\nAssistant: ok\r\n', ['user: one\ntwo', 'assistant: ok']],
  ['lone CR', 'User: one\rAssistant: ok', ['user: one', 'assistant: ok']],
  ['text before the first speaker', 'Chat of Monday\n\nUser: hi', ['system: Chat of Monday', 'user: hi']],
  ['a speaker who says nothing', 'User:\nAssistant: hello', ['assistant: hello']],
  [
    'what only looks like a speaker',
    'User: see\nNote: this\nhttp://x.org: that\nAssistant: ok',
    ['user: see\nNote: this\nhttp://x.org: that', 'assistant: ok'],
  ],
  [
    'keys in a code block',
    'User: ```\nname: Ada\nname: Bob\n```\nAssistant: ok',
    ['user: ```\nname: Ada\nname: Bob\n```', 'assistant: ok'],
  ],
  [
    'no speakers: a message a paragraph',
    'I like boats.\nReally.\n\nAnd sails: white ones.',
    ['user: I like boats.\nReally.', 'user: And sails: white ones.'],
  ],
  ['other scripts', 'Åsa: hej\n李雷: 你好', ['user(Åsa): hej', 'assistant(李雷): 你好']],
])('%s', (_what, text, expected) => {
  expect(told(text)).toEqual(expected);
});

test('of two names the one who is called like the user is the user', () => {
  expect(told('Bob: hi\nAda: hello', 'ada')).toEqual(['assistant(Bob): hi', 'user(Ada): hello']);
});

test.each([
  ['[2024-01-15 10:30] Ada: hi', '2024-01-15T10:30:00.000Z'],
  ['[2024-01-15T10:30:15+02:00] Ada: hi', '2024-01-15T08:30:15.000Z'],
  ['2024-01-15T10:30:00.123Z - Ada: hi', '2024-01-15T10:30:00.000Z'],
  ['15.01.2024, 10:30 - Ada: hi', '2024-01-15T10:30:00.000Z'],
  ['10:30 Ada: hi', '2024-01-15T10:30:00.000Z'],
  ['(10:30 PM) Ada: hi', '2024-01-15T22:30:00.000Z'],
  ['Ada (10:30): hi', '2024-01-15T10:30:00.000Z'],
  ['Ada: hi', undefined],
  ['[2024-02-30 10:30] hi there', undefined],
  ['25:99 Ada: hi', undefined],
])('the time of %s', (line, expected) => {
  expect(messagesOf(line)[0]?.created_at).toBe(expected);
});

test('a time without a date is of the day named last', () => {
  const times = messagesOf('[2024-03-01 23:00] Ada: a\n[23:30] Bob: b').map((m) => m.created_at);
  expect(times).toEqual(['2024-03-01T23:00:00.000Z', '2024-03-01T23:30:00.000Z']);
});

test('every message knows its lines', () => {
  const lines = messagesOf('Intro\n\nUser: one\ntwo\n\nAssistant: three\n').map((m) => [m.first_line, m.last_line]);
  expect(lines).toEqual([
    [1, 1],
    [3, 4],
    [6, 6],
  ]);
});

test('an over-long message is split between words and loses nothing', () => {
  const words = Array.from({ length: 20_000 }, (_, n) => `word${n}`).join(' ');
  const messages = messagesOf(`User: ${words}\nAssistant: ok`);
  expect(messages.length).toBeGreaterThan(4);
  expect(Math.max(...messages.map((m) => m.content.length))).toBeLessThanOrEqual(32_768);
  expect(
    messages
      .slice(0, -1)
      .map((m) => m.content)
      .join(' '),
  ).toBe(words);
  const emoji = messagesOf(`User: ${'🙂'.repeat(40_000)}`);
  expect(emoji.every((m) => m.content.isWellFormed())).toBe(true);
  expect(emoji.map((m) => m.content).join('')).toBe('🙂'.repeat(40_000));
});

test.each([
  ['NUL', 'User: a\0b', /binary/],
  ['control characters', '\u0001\u0002\u0003\u0004 User', /control characters/],
  ['broken UTF-8', `${'\uFFFD'.repeat(50)}User: hi`, /control characters/],
  ['nothing but blanks', ' \n\t\r\n', /no text/],
  ['too many lines', 'a\n'.repeat(250_001), /more than 250000 lines/],
  ['too many messages', 'A: b\n'.repeat(100_001), /more than 100000 messages/],
])('%s is refused with a reason', (_what, text, reason) => {
  expect(parseTranscript(text, { at: AT })).toEqual({ refused: expect.stringMatching(reason) });
});

const piece = fc.constantFrom(
  'User:',
  'Assistant:',
  '**Ada:**',
  'Bob:',
  '[10:30]',
  '2024-01-15 ',
  '```',
  '\n',
  '\r\n',
  ' ',
  '(',
  ')',
  '#',
  ':',
  'x',
  '🙂',
  '\uFEFF',
  '15.1.2024',
);
const chaos = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 60 }).map((parts) => parts.join(''));

test('whatever comes, it never throws, keeps the order of lines, and no message is empty or too long', () => {
  fc.assert(
    fc.property(chaos, (text) => {
      const parsed = parseTranscript(text, { at: AT });
      if ('refused' in parsed) return;
      let line = 1;
      for (const { content, first_line, last_line, created_at } of parsed.messages) {
        expect(content.trim()).not.toBe('');
        expect(content.length).toBeLessThanOrEqual(32_768);
        expect(first_line).toBeGreaterThanOrEqual(line);
        expect(last_line).toBeGreaterThanOrEqual(first_line);
        expect(last_line).toBeLessThanOrEqual(parsed.lines);
        if (created_at !== undefined) expect(new Date(created_at).toISOString()).toBe(created_at);
        line = first_line;
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['one long line', (n: number) => 'a'.repeat(n)],
  ['labels in a line', (n: number) => 'A: '.repeat(n / 3)],
  ['names without a colon', (n: number) => 'Ada Bob '.repeat(n / 8)],
  ['stars', (n: number) => '*'.repeat(n)],
  ['brackets', (n: number) => '['.repeat(n)],
  ['a dialogue', (n: number) => 'User: hello\nAssistant: hi\n'.repeat(n / 26)],
])('%s: ten times the text takes about ten times as long', (_what, make) => {
  const time = (text: string) => {
    const from = performance.now();
    parseTranscript(text, { at: AT });
    return performance.now() - from;
  };
  const [short, long] = [make(100_000), make(1_000_000)];
  time(short);
  const best = (text: string) => Math.min(time(text), time(text), time(text));
  expect(best(long)).toBeLessThan(40 * Math.max(best(short), 0.5));
});
