import { isGerman, type LocalFact } from './local-facts.ts';
import { pattern } from './pattern.ts';
import type { ReflectedInsight } from './port.ts';

const MAX_NAMED = 5;
const RECURRING = 3;
/** Below it a goal is more likely the task of the moment. */
const SURE = 0.6;

/** What others must respect whatever they propose. */
const CONSTRAINT = pattern('')`
  \b(?:vegetarian|vegan|pescatarian|allergic|allergy|intolerant|diabet\w+|celiac|coeliac|kosher|halal|pregnant|cannot (?:eat|
  drink|drive|afford)|Vegetarier\w*|Veganer\w*|allergisch|Allergie\w*|verträgt kein\w*|kann kein\w*|schwanger|Diabet\w+)\b`;

const OPENINGS = {
  en: {
    constraints: 'To be respected in every proposal',
    preferences: 'Stated preferences',
    goals: 'Plans and goals',
    stressed: 'Stressed by the user',
    recurring: 'Comes up again and again',
  },
  de: {
    constraints: 'Bei jedem Vorschlag zu beachten',
    preferences: 'Genannte Vorlieben',
    goals: 'Pläne und Ziele',
    stressed: 'Vom Nutzer betont',
    recurring: 'Kommt immer wieder vor',
  },
};

/** Conclusions that the facts allow, by rule: what binds, what is preferred, what is aimed at, what was stressed, what keeps coming up. */
export function insightsOf(facts: LocalFact[]): ReflectedInsight[] {
  const german = facts.filter(({ text }) => isGerman(text));
  const english = facts.filter((fact) => !german.includes(fact));
  return [...concluded(english, OPENINGS.en), ...concluded(german, OPENINGS.de)];
}

function concluded(facts: LocalFact[], openings: (typeof OPENINGS)['en']): ReflectedInsight[] {
  const constraints = facts.filter(({ text }) => CONSTRAINT.test(text));
  const preferences = facts.filter((fact) => fact.kind === 'preference' && !constraints.includes(fact));
  const goals = facts.filter(({ goal, kind, confidence }) => goal && kind !== 'preference' && confidence >= SURE);
  const told = new Set([...constraints, ...preferences, ...goals]);
  const stressed = facts.filter((fact) => fact.emphasised && !told.has(fact));
  return [
    conclude(openings.constraints, constraints),
    conclude(openings.preferences, preferences),
    conclude(openings.goals, goals),
    conclude(openings.stressed, stressed),
    recurring(facts, openings.recurring),
  ].flatMap((insight) => insight ?? []);
}

function conclude(opening: string, facts: LocalFact[]): ReflectedInsight | undefined {
  const named = facts.slice(0, MAX_NAMED);
  if (named.length === 0) return undefined;
  const parts = named.map(({ text }) => text.replace(/\.$/, ''));
  return { text: `${opening}: ${parts.join('; ')}.`, source_seqs: sourcesOf(named) };
}

/** The topic of at least three facts from different messages. */
function recurring(facts: LocalFact[], opening: string): ReflectedInsight | undefined {
  const byTopic = new Map<string, LocalFact[]>();
  for (const fact of facts) {
    for (const topic of fact.topics) byTopic.set(topic.toLowerCase(), [...(byTopic.get(topic.toLowerCase()) ?? []), fact]);
  }
  const [topic, about] = [...byTopic].sort(([, a], [, b]) => sourcesOf(b).length - sourcesOf(a).length)[0] ?? [];
  if (!topic || !about || sourcesOf(about).length < RECURRING) return undefined;
  return { text: `${opening}: ${topic}.`, source_seqs: sourcesOf(about) };
}

function sourcesOf(facts: LocalFact[]): number[] {
  return [...new Set(facts.flatMap(({ source_seqs }) => source_seqs))].sort((a, b) => a - b);
}
