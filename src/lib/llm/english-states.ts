import type { Draft } from './drafts.ts';
import { type Parsed, parseClause } from './english-parse.ts';
import { asSentence, conjugate, firstPersonToThird } from './english-rewrite.ts';
import * as words from './english-words.ts';
import { pattern } from './pattern.ts';

const DEICTIC = pattern('i')`
  ^(?:it|that|this|them|those|these|one|so|both|all of|the (?:idea|sound|first|second|third|last|one|other|suggestion|option)|how|
  what|why|where|him|her|he|she|they)\b`;

/** What a clause that begins with `I` states, or nothing. `lead` is the setting that stood before it (`on flights`). */
export function firstPerson(core: string, lead: string): Draft | undefined {
  const parsed = parseClause(core);
  if (DEICTIC.test(parsed.rest) && !/^(?:it|this|that) when\b/i.test(parsed.rest)) return undefined;
  return BY_AUXILIARY[parsed.auxiliary]?.(parsed, lead);
}

type Reading = (parsed: Parsed, lead: string) => Draft | undefined;

// could, should, might, may and must are absent: they state nothing
const BY_AUXILIARY: Record<string, Reading> = {
  '': acting,
  do: acting,
  am: being,
  have: having,
  would: wishing,
  was: (parsed, lead) => (words.WAS.test(parsed.verb) ? state('was', parsed, { lead, kind: 'fact', confidence: 0.8 }) : undefined),
  can: (parsed, lead) => able(parsed, lead),
  used: (parsed, lead) => (parsed.verb === 'to' ? state('used', parsed, { lead, kind: 'fact', confidence: 0.8 }) : undefined),
  will: (parsed, lead) => dated(parsed, { lead, auxiliary: 'will' }),
  had: (parsed, lead) => dated(parsed, { lead, auxiliary: 'had' }),
};

function able(parsed: Parsed, lead: string): Draft | undefined {
  if (!words.ABILITIES.has(parsed.verb) || parsed.rest === '') return undefined;
  const kind = parsed.verb === 'stand' ? 'preference' : 'fact';
  return state(parsed.negated ? 'cannot' : 'can', { ...parsed, negated: false }, { lead, kind, confidence: 0.8 });
}

/** Future and past count when they say when. */
function dated(parsed: Parsed, { lead, auxiliary }: { lead: string; auxiliary: string }): Draft | undefined {
  const when = words.DATE.test(`${lead} ${parsed.verb} ${parsed.rest}`);
  return when && !parsed.negated ? state(auxiliary, parsed, { lead, kind: 'event', confidence: 0.7 }) : undefined;
}

/** `I am …`. */
function being(parsed: Parsed, lead: string): Draft | undefined {
  const { verb, rest } = parsed;
  if (verb.endsWith('ing') && rest !== '') return doing(parsed, lead);
  if (/^(?:into|fond|keen)$/.test(verb) || /^(?:big |huge |great )?fan of /.test(rest))
    return state('is', parsed, { lead, kind: 'preference', confidence: 0.9 });
  if (words.PASSING.has(verb) || verb === '' || parsed.adverbs.includes('just')) {
    const lasting = words.LASTING_AFTER[verb]?.test(rest);
    return lasting ? state('is', parsed, { lead, kind: verb === 'interested' ? 'preference' : 'fact', confidence: 0.75 }) : undefined;
  }
  if (/^an?$/.test(verb) && /^(?:bit|little|lot|mess)\b/.test(rest)) return undefined;
  const plain = words.PLAIN_STATE.test(verb) || /^\p{Lu}/u.test(parsed.written);
  return state('is', parsed, { lead, kind: 'fact', confidence: plain ? 0.9 : 0.65 });
}

/** `I am planning to …`, `I'm saving for …`. */
function doing(parsed: Parsed, lead: string): Draft | undefined {
  const { verb, rest } = parsed;
  const aim = /^(?:going|trying|planning|hoping|looking) to (?!see\b|hear)/.exec(`${verb} ${rest}`);
  if (aim) {
    const aimed = goal('is', parsed, { lead, wanted: `${verb} ${rest}`.slice(aim[0].length) });
    // `I'm trying to …` often opens a request about the task at hand
    return aimed && verb === 'trying' ? { ...aimed, confidence: 0.55 } : aimed;
  }
  const searching = verb === 'looking' && rest.startsWith('for ');
  if ((!words.GERUNDS.has(verb) && !searching) || words.REQUEST_NOUNS.test(rest)) return undefined;
  const isGoal = searching || /^(?:saving|training|learning|preparing|considering|planning)$/.test(verb);
  return state('is', parsed, { lead, kind: words.DATE.test(rest) ? 'event' : 'fact', confidence: 0.8, goal: isGoal });
}

/** `I have …`: a possession, or something done. */
function having(parsed: Parsed, lead: string): Draft | undefined {
  const { verb, rest } = parsed;
  if (words.PARTICIPLES.has(verb) && !/^(?:had|been) (?:a|an|the|some)? ?(?:problem|issue|question|thought)/.test(`${verb} ${rest}`)) {
    if (rest === '' || (verb === 'been' && words.PASSING.has(rest.split(' ')[0] ?? ''))) return undefined;
    return state('has', parsed, { lead, kind: words.DATE.test(rest) && verb !== 'been' ? 'event' : 'fact', confidence: 0.75 });
  }
  if (verb === 'to') return words.DATE.test(rest) ? state('has', parsed, { lead, kind: 'event', confidence: 0.7 }) : undefined;
  const object = `${parsed.written} ${rest}`.trim();
  if (words.PASSING_OBJECT.test(object) || words.REQUEST_NOUNS.test(object) || DEICTIC.test(object) || /(?:ed|en|een|eard)$/.test(verb))
    return undefined;
  const kind = words.DATE.test(rest) ? 'event' : 'fact';
  const possessed = { ...parsed, auxiliary: '', verb: 'have', written: 'have', rest: object };
  return parsed.negated
    ? state('does', { ...possessed, auxiliary: 'do' }, { lead, kind, confidence: 0.75 })
    : state('', possessed, { lead, kind, confidence: 0.85 });
}

/** `I would like to …`, `I would rather …`. */
function wishing(parsed: Parsed, lead: string): Draft | undefined {
  const { verb, rest } = parsed;
  if (verb === 'prefer' || verb === 'rather') return state('would', parsed, { lead, kind: 'preference', confidence: 0.8 });
  if ((verb === 'like' || verb === 'love') && rest.startsWith('to ')) return goal('would', parsed, { lead, wanted: rest.slice(3) });
  return undefined;
}

/** `I live in …`, `I don't like …`, `I moved to …`. */
function acting(parsed: Parsed, lead: string): Draft | undefined {
  const { verb, rest, negated } = parsed;
  if (words.GOAL_VERBS.has(verb)) return wanting(parsed, lead);
  const kind = words.presentKind(verb);
  if (!kind) return negated || parsed.auxiliary !== '' ? undefined : happening(parsed, lead);
  const habitual =
    words.HABIT.test(`${rest} ${lead}`) ||
    parsed.adverbs.some((adverb) => words.HABIT_ADVERBS.has(adverb)) ||
    words.HABIT_ADVERBS.has(lead.toLowerCase());
  if (words.HABIT_VERBS.has(verb) && !habitual) return undefined;
  if (rest === '' && !words.COMPLETE_ALONE.has(verb)) return undefined;
  return state(negated ? 'does' : '', parsed, { lead, kind, confidence: kind === 'preference' ? 0.9 : 0.85 });
}

/** Past tense: what lasted, and what happened once. */
function happening(parsed: Parsed, lead: string): Draft | undefined {
  const { verb, rest } = parsed;
  if (words.PAST_STATE_VERBS.has(verb) && rest !== '') return state('', parsed, { lead, kind: 'fact', confidence: 0.8 });
  const precise = words.DATE.test(`${rest} ${lead}`) || /(?:^|\s)(?:\p{Lu}\p{Ll}|\d)/u.test(rest);
  const strong = words.EVENT_VERBS.has(verb);
  if (!strong && !(words.WEAK_EVENT_VERBS.has(verb) && precise)) return undefined;
  return state('', parsed, { lead, kind: 'event', confidence: strong ? 0.85 : 0.7, goal: verb === 'decided' });
}

function wanting(parsed: Parsed, lead: string): Draft | undefined {
  const { verb, rest, negated } = parsed;
  if (words.REQUEST_NOUNS.test(rest) || rest === '') return undefined;
  if (rest.startsWith('to ')) return goal(negated ? 'does' : '', parsed, { lead, wanted: rest.slice(3) });
  if (verb === 'hope' || verb === 'wish' || verb === 'aim' || verb === 'intend') return undefined;
  return state(negated ? 'does' : '', parsed, { lead, kind: negated ? 'preference' : 'fact', confidence: 0.65, goal: !negated });
}

function goal(auxiliary: string, parsed: Parsed, { lead, wanted }: { lead: string; wanted: string }): Draft | undefined {
  const doing = (wanted.split(' ')[0] ?? '').toLowerCase();
  const dated = words.DATE.test(`${wanted} ${lead}`);
  if ((words.REQUEST_VERBS.has(doing) && !dated) || words.REQUEST_NOUNS.test(wanted)) return undefined;
  return state(auxiliary, parsed, { lead, kind: parsed.negated ? 'preference' : 'fact', confidence: 0.75, goal: !parsed.negated });
}

interface Shape {
  lead: string;
  kind: Draft['kind'];
  confidence: number;
  goal?: boolean;
}

/** The statement in the third person: subject, auxiliary, negation, adverbs, verb, rest, setting. */
function state(auxiliary: string, parsed: Parsed, { lead, kind, confidence, goal: isGoal = false }: Shape): Draft {
  const adverbs = parsed.adverbs.filter((adverb) => !words.FILLERS.has(adverb));
  const verb = auxiliary === '' ? conjugate(parsed.verb) : parsed.written;
  const negation = parsed.negated ? ['not'] : [];
  const conjugated = auxiliary === '' && kind !== 'preference' ? conjugateSecond(parsed.rest) : parsed.rest;
  const said = ['User', auxiliary, ...negation, ...adverbs, verb, firstPersonToThird(conjugated), firstPersonToThird(lowerFirst(lead))];
  const doubt = parsed.adverbs.some((adverb) => words.DOUBT.has(adverb)) ? 0.2 : 0;
  return {
    text: asSentence(said.filter((part) => part !== '').join(' ')),
    kind,
    confidence: confidence - doubt,
    goal: isGoal,
    emphasised: parsed.adverbs.some((adverb) => words.EMPHASIS.has(adverb)),
  };
}

/** `I get up early and go running`: the second verb has the same subject. After two words at least, so that nouns are left alone. */
function conjugateSecond(rest: string): string {
  return rest.replace(/^((?:\S+ ){2,}and (?:then |also |usually )?)([a-z]+)(?= )/, (all: string, before: string, verb: string) =>
    words.presentKind(verb) && !/\bto\b/.test(before) ? before + conjugate(verb) : all,
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
