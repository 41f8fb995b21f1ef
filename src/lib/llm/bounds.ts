import { type Statement, sameStatement, statementOf } from './overlap.ts';
import type { ModelMessage, Profile, ReflectedFact, ReflectedInsight, ReflectInput, Reflection } from './port.ts';
import { sentencesOf } from './sentences.ts';
import { estimateTokens } from './tokens.ts';

const MAX_TEXT = 400;
const MAX_SUMMARY = 4_000;
const MAX_FACTS = 40;
const MAX_INSIGHTS = 12;
const MAX_TOPICS = 12;
const MAX_TOPIC = 60;

/**
 * What of a model's reflection may be kept. Whatever code can check is checked here, whichever model wrote it: sources exist and one of
 * them is the user's own message (a fact that only a tool's answer says is kept, to be quarantined), nothing repeats what was injected, texts and lists have their bounds, nothing is said twice.
 */
export function boundReflection(reflection: Reflection, input: ReflectInput): Reflection {
  const sources = sourcesOf(input.messages);
  const injected = (input.injected ?? []).map(statementOf);
  return {
    summary: boundSummary(reflection.summary),
    topics: boundTopics(reflection.topics),
    facts: boundFacts(reflection.facts, { sources, injected }),
    insights: boundInsights(reflection.insights, sources),
  };
}

/** A summary without control characters, of at most 4,000 characters and `maxTokens` (estimated), cut at a sentence's end. */
export function boundSummary(summary: string, maxTokens = Number.POSITIVE_INFINITY): string {
  const text = cutAtWord(clean(summary), MAX_SUMMARY);
  if (estimateTokens(text) <= maxTokens) return text;
  let kept = '';
  for (const sentence of sentencesOf(text)) {
    const longer = kept === '' ? sentence : `${kept} ${sentence}`;
    if (estimateTokens(longer) > maxTokens) break;
    kept = longer;
  }
  // one sentence that alone is too long: about three characters make a token
  return kept === '' ? cutAtWord(text, Math.max(20, maxTokens * 3)) : kept;
}

/** At most `max` statements of at most 400 characters, none twice. */
export function boundProfile(profile: Profile, max: number): Profile {
  const statements = profile.statements.map(oneLine).filter((text) => text !== '');
  return { statements: [...new Set(statements)].slice(0, Math.max(0, max)) };
}

interface Sources {
  known: Set<number>;
  fromUser: Set<number>;
  fromTool: Set<number>;
}

function sourcesOf(messages: ModelMessage[]): Sources {
  const seqsOf = (some: ModelMessage[]) => new Set(some.map(({ seq }) => seq));
  const by = (wanted: ModelMessage['role']) => seqsOf(messages.filter(({ role }) => role === wanted));
  return { known: seqsOf(messages), fromUser: by('user'), fromTool: by('tool') };
}

const existing = (seqs: number[], { known }: Sources): number[] => [...new Set(seqs)].filter((seq) => known.has(seq)).sort((a, b) => a - b);

/** The seqs that exist, ascending; none when the user said nothing in them. */
function keepSources(seqs: number[], sources: Sources): number[] {
  const kept = existing(seqs, sources);
  return kept.some((seq) => sources.fromUser.has(seq)) ? kept : [];
}

/** The same, or those of a tool alone. */
function keepFactSources(seqs: number[], sources: Sources): number[] {
  const kept = existing(seqs, sources);
  const byTool = kept.length > 0 && kept.every((seq) => sources.fromTool.has(seq));
  return byTool ? kept : keepSources(seqs, sources);
}

function boundFacts(facts: ReflectedFact[], { sources, injected }: { sources: Sources; injected: Statement[] }): ReflectedFact[] {
  const kept: { fact: ReflectedFact; statement: Statement }[] = [];
  for (const fact of facts) {
    const text = oneLine(fact.text);
    const source_seqs = keepFactSources(fact.source_seqs, sources);
    const statement = statementOf(text);
    if (text === '' || source_seqs.length === 0 || injected.some((echo) => sameStatement(echo, statement))) continue;
    const twin = kept.find((other) => other.fact.text === text || sameStatement(other.statement, statement));
    if (twin) {
      twin.fact.source_seqs = keepFactSources([...twin.fact.source_seqs, ...source_seqs], sources);
      twin.fact.confidence = Math.max(twin.fact.confidence, fact.confidence);
    } else if (kept.length < MAX_FACTS) {
      kept.push({ fact: { ...fact, text, source_seqs, topics: boundTopics(fact.topics) }, statement });
    }
  }
  return kept.map(({ fact }) => fact);
}

function boundInsights(insights: ReflectedInsight[], sources: Sources): ReflectedInsight[] {
  return insights
    .map(({ text, source_seqs }) => ({ text: oneLine(text), source_seqs: keepSources(source_seqs, sources) }))
    .filter(({ text, source_seqs }) => text !== '' && source_seqs.length > 0)
    .slice(0, MAX_INSIGHTS);
}

function boundTopics(topics: string[]): string[] {
  const byKey = new Map<string, string>();
  for (const topic of topics.map((text) => cutAtWord(clean(text).replace(/\s+/g, ' '), MAX_TOPIC))) {
    const key = topic.toLowerCase();
    if (topic !== '' && !byKey.has(key)) byKey.set(key, topic);
  }
  return [...byKey.values()].slice(0, MAX_TOPICS);
}

function oneLine(text: string): string {
  return cutAtWord(clean(text).replace(/\s+/g, ' '), MAX_TEXT);
}

function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ' ')
    .trim();
}

function cutAtWord(text: string, max: number): string {
  if (text.length <= max) return text;
  const space = text.lastIndexOf(' ', max - 1);
  const end = space > max / 2 ? space : max - 1;
  return `${text
    .slice(0, end)
    .toWellFormed()
    .replace(/\ufffd$/, '')
    .trimEnd()}…`;
}
