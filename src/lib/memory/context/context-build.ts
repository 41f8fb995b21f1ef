import { estimateTokens } from '../../llm/tokens.ts';
import type { Message } from '../../model.ts';
import type { ActiveTurn, ContextAnswer, Explained } from '../../model-answers.ts';
import { digest } from '../../tiers/keys.ts';
import type { Known } from '../sessions/known.ts';
import { type Turn, turnsOf } from '../sessions/turns-of.ts';
import type { SessionView } from '../sessions/view.ts';
import { watermarkOf } from '../sessions/watermark.ts';
import { asData, formatSections, HEADINGS, type Section, sameness } from './context-text.ts';

const ESTIMATE_MARGIN = 1.15; // an estimate may be under by 10 %: budgets take it with a margin (DESIGN §4)
const SEPARATOR_TOKENS = 2; // the blank line before a section

/** A memory that a query found, with what a context says of it. */
export interface Relevant {
  text: string;
  timestamp: string;
  session_id: string;
  /** Of a message: who said it. */
  role?: Message['role'];
  name?: string;
}
export interface ContextRules {
  maxTokens: number;
  recentSessions: number;
  explain: boolean;
}
const cost = (text: string): number => Math.ceil(estimateTokens(text) * ESTIMATE_MARGIN);

/**
 * The token-bounded context: a pure function of what is stored, so that a hot and a restored session give the same. Turns that no
 * summary covers go in first, newest first; then the rolling summary, relevant memories, profile, insights, recent sessions, as far
 * as `maxTokens` reaches. What did not fit is counted in `usage.dropped`. The same fact is said once.
 */
export function buildContext(view: SessionView, relevant: Relevant[], rules: ContextRules): ContextAnswer {
  const budget = openBudget(rules.maxTokens);
  const turns = turnsOf(view.messages);
  const kept: Turn[] = [];
  let full = false;
  for (const turn of turns.toReversed()) {
    full ||= !budget.take('conversation', turnText(turn));
    if (full) budget.drop('conversation', turnText(turn));
    else kept.unshift(turn);
  }
  const rolling = view.rolling !== '' && fits(budget, 'summary', asData(view.rolling)) ? view.rolling : '';
  const said = new Set<string>();
  const memories = relevant.filter((m) => budget.say('memories', memoryText(m), { once: m.text, said }));
  const { profile, insights, summaries } = view.known;
  const statements = (profile?.statements ?? []).filter((text) => budget.say('longterm', `- ${asData(text)}`, { once: text, said }));
  const learned = insights.filter((i) => budget.say('longterm', `- ${asData(i.content)}`, { once: i.content, said }));
  const recent = summaries
    .filter((s) => s.session_id !== view.head.session_id)
    .slice(0, rules.recentSessions)
    .filter((s) => budget.say('sessions', summaryText(s), { once: s.summary, said }));

  const formatted_context = formatSections({
    longterm: [...statements, ...learned.map((i) => i.content)].map((text) => `- ${asData(text)}`),
    sessions: recent.map(summaryText),
    summary: rolling === '' ? [] : [asData(rolling)],
    memories: memories.map(memoryText),
    conversation: kept.map(turnText),
  });
  const messages = kept.flatMap((turn) => turn.messages);
  return {
    context_id: `ctx-${view.known.memory_rev}-${digest(`${view.head.session_id}|${view.head.epoch}|${view.head.last_seq}|${formatted_context}`)}`,
    active_context: kept.map(activeTurn),
    messages: messages.map(({ role, content, name }) => ({ role, content, ...(name && { name }) })),
    cumulative_summary: rolling,
    insights: [
      ...statements.map((content) => ({ content, type: 'longterm' as const, timestamp: profile?.timestamp ?? '' })),
      ...learned.map((i) => ({ content: i.content, type: 'session' as const, timestamp: i.timestamp, session_id: i.session_id })),
    ],
    session_summaries: recent,
    formatted_context,
    watermark: watermarkOf(view.head),
    usage: budget.usage(),
    ...(rules.explain && { explain: budget.candidates }),
  };
}

/** Takes a text or counts it as dropped. */
function fits(budget: ReturnType<typeof openBudget>, section: Section, text: string): boolean {
  const taken = budget.take(section, text);
  if (!taken) budget.drop(section, text);
  return taken;
}

/** Takes texts while they fit; counts what went in by section and what did not. */
function openBudget(maxTokens: number) {
  const sections: Partial<Record<Section, number>> = {};
  const dropped: Partial<Record<Section, number>> = {};
  const candidates: Explained[] = [];
  let total = 0;
  const note = (section: Section, text: string, outcome: { tokens: number; included: boolean; reason: string }) =>
    candidates.push({ section, text, ...outcome });

  function take(section: Section, text: string): boolean {
    const heading = sections[section] === undefined ? cost(HEADINGS[section]) + SEPARATOR_TOKENS : 0;
    const tokens = cost(text) + 1 + heading; // 1: the line break
    if (total + tokens > maxTokens) return false;
    total += tokens;
    sections[section] = (sections[section] ?? 0) + tokens;
    note(section, text, { tokens, included: true, reason: 'fits' });
    return true;
  }
  function drop(section: Section, text: string): void {
    dropped[section] = (dropped[section] ?? 0) + 1;
    note(section, text, { tokens: cost(text), included: false, reason: 'max_tokens' });
  }
  return {
    candidates,
    take,
    drop,
    /** Takes a line unless the same was said already. */
    say(section: Section, text: string, { once, said }: { once: string; said: Set<string> }): boolean {
      const key = sameness(once);
      if (said.has(key)) {
        note(section, text, { tokens: cost(text), included: false, reason: 'said already' });
        return false;
      }
      if (!take(section, text)) {
        drop(section, text);
        return false;
      }
      said.add(key);
      return true;
    },
    usage: () => ({ total_tokens: total, method: 'estimate' as const, sections, dropped }),
  };
}

const SPEAKERS: Record<Message['role'], string> = { user: 'USER', assistant: 'ASSISTANT', system: 'SYSTEM', tool: 'TOOL' };
const turnText = (turn: Turn): string => turn.messages.map((m) => `${SPEAKERS[m.role]}: ${asData(m.content)}`).join('\n');
const memoryText = (m: Relevant): string => {
  const speaker = m.role === undefined ? '' : `${m.name === undefined ? SPEAKERS[m.role] : asData(m.name)}: `;
  return `- [${m.timestamp.slice(0, 10)}] ${speaker}${asData(m.text)}`;
};
const summaryText = (s: Known['summaries'][number]): string => {
  const topics = s.topics.length > 0 ? `\n  Topics: ${s.topics.map(asData).join(', ')}` : '';
  return `- Session ${s.session_id}: ${asData(s.summary)}${topics}`;
};

/** A turn as document 0 shows it: the user's text and all assistant texts, a missing side "". */
function activeTurn(turn: Turn): ActiveTurn {
  const said = (role: Message['role']) =>
    turn.messages
      .filter((m) => m.role === role)
      .map((m) => m.content)
      .join('\n\n');
  return {
    turn_id: turn.turn_id,
    user_message: said('user'),
    agent_message: said('assistant'),
    timestamp: turn.messages[0]?.created_at ?? '',
  };
}
