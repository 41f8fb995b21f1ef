import { expect, test } from 'vitest';
import { withoutClosed } from '../../src/lib/memory/context/closed-facts.ts';
import { consolidate } from '../../src/lib/memory/reflection/consolidate.ts';
import type { Fact } from '../../src/lib/model-memory.ts';

let n = 0;
function fact(text: string, day: number, message_id = `m${n}`): Fact {
  const at = new Date(Date.UTC(2026, 0, day)).toISOString();
  const fact_id = `f${n++}`;
  return {
    id: `m|${fact_id}`,
    pk: 't|u|u',
    kind: 'fact',
    schema_version: 1,
    fact_id,
    fact_kind: 'fact',
    text,
    topics: [],
    confidence: 0.8,
    support: 1,
    status: 'current',
    valid_from: at,
    valid_to: null,
    superseded_by: null,
    sources: [{ session_id: `s${day}`, message_ids: [message_id], seqs: [1] }],
    origin: 'reflection',
    model: 'local',
    created_at: at,
    updated_at: at,
  };
}
const NOW = Date.UTC(2026, 5, 1);
const current = (facts: Fact[]) => facts.filter((f) => f.status === 'current');

/** Brings facts in one after another, as sessions do. */
function over(facts: Fact[]): Fact[] {
  const stored = new Map<string, Fact>();
  for (const f of facts) for (const written of consolidate(current([...stored.values()]), [f], NOW)) stored.set(written.fact_id, written);
  return [...stored.values()];
}

test('a fact repeated five times is one fact with five sources', () => {
  const stored = over([1, 2, 3, 4, 5].map((day) => fact('User prefers window seats.', day)));
  expect(stored).toHaveLength(1);
  expect(stored[0]).toMatchObject({ support: 5, valid_from: '2026-01-01T00:00:00.000Z', status: 'current' });
  expect(stored[0]?.sources).toHaveLength(5);
});

test('near-identical wordings are one fact, and reading the same messages again adds nothing', () => {
  const stored = over([
    fact('User prefers window seats.', 1, 'a'),
    fact('User prefers window seats on flights.', 2, 'b'),
    fact('User prefers window seats.', 1, 'a'),
  ]);
  expect(current(stored).map((f) => f.support)).toEqual([2]);
});

test('a later statement closes the one that it contradicts; its history stays', () => {
  const [berlin, lisbon] = [fact('User lives in Berlin.', 1), fact('User moved to Lisbon.', 9)];
  const stored = over([berlin, lisbon]);
  expect(current(stored).map((f) => f.text)).toEqual(['User moved to Lisbon.']);
  expect(stored.find((f) => f.fact_id === berlin.fact_id)).toMatchObject({
    status: 'closed',
    valid_from: '2026-01-01T00:00:00.000Z',
    valid_to: '2026-01-09T00:00:00.000Z',
    superseded_by: lisbon.fact_id,
  });
});

test('what was said earlier but learned later does not replace what holds now', () => {
  const stored = over([fact('User lives in Lisbon.', 9), fact('User lives in Berlin.', 1)]);
  expect(current(stored).map((f) => f.text)).toEqual(['User lives in Lisbon.']);
});

test('different facts stay side by side, and what is untouched is not written', () => {
  const stored = [fact('User has a dog.', 1), fact('User lives in Berlin.', 1)];
  expect(consolidate(stored, [fact('User has a cat.', 2)], NOW).map((f) => f.text)).toEqual(['User has a cat.']);
});

test('a summary no longer says what is closed, in first or third person, and keeps the rest', () => {
  const closed = ['User lives in Berlin.'];
  expect(withoutClosed('User: I live in Berlin. User: I like tea. Assistant: Nice.', closed)).not.toContain('Berlin');
  expect(withoutClosed('User: I live in Berlin. User: I like tea.', closed)).toContain('I like tea');
  expect(withoutClosed('Assistant: So you live in Berlin, nice. User: Yes.', closed)).not.toContain('Berlin');
  expect(withoutClosed('The user lives in Berlin. The user likes tea.', closed)).toBe('The user likes tea.');
  expect(withoutClosed('The user visited Berlin last year.', closed)).toBe('The user visited Berlin last year.');
  expect(withoutClosed('Line one.\n\nLine two.', closed)).toBe('Line one.\n\nLine two.');
});
