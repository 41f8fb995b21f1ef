import type { Draft } from './drafts.ts';
import { type Parsed, parseClause } from './english-parse.ts';
import { asSentence, conjugate, firstPersonToThird } from './english-rewrite.ts';
import * as words from './english-words.ts';

const DEICTIC =
  /^(?:it|that|this|them|those|these|one|so|both|all of|the (?:idea|sound|first|second|third|last|one|other|suggestion|option)|how|what|why|where|him|her|he|she|they)\b/i;

/** What a clause that begins with `I` states, or nothing. `lead` is the setting that stood before it (`on flights`). */
export function firstPerson(core: string, lead: string): Draft | undefined {
  const parsed = parseClause(core);
  if (DEICTIC.test(parsed.rest) && !/^(?:it|this|that) when\b/i.test(parsed.rest)) return undefined;
  switch (parsed.auxiliary) {
    case 'am':
      return being(parsed, lead);
    case 'have':
      return having(parsed, lead);
    case 'was':
      return /^(?:born|raised|diagnosed|promoted|hired|accepted|a|an|vegetarian|vegan|married)$/.test(parsed.verb)
        ? state('was', parsed, { lead, kind: 'fact', confidence: 0.8 })
        : undefined;
    case 'can':
      return words.ABILITIES.has(parsed.verb) && parsed.rest !== ''
        ? state(
            parsed.negated ? 'cannot' : 'can',
            { ...parsed, negated: false },
            { lead, kind: parsed.verb === 'stand' ? 'preference' : 'fact', confidence: 0.8 },
          )
        : undefined;
    case 'would':
      return wishing(parsed, lead);
    case 'used':
      return parsed.verb === 'to' ? state('used', parsed, { lead, kind: 'fact', confidence: 0.8 }) : undefined;
    case 'will':
      return words.DATE.test(core) ? state('will', parsed, { lead, kind: 'event', confidence: 0.7 }) : undefined;
    case 'do':
    case '':
      return acting(parsed, lead);
    case 'had':
      return words.DATE.test(core) && !parsed.negated ? state('had', parsed, { lead, kind: 'event', confidence: 0.7 }) : undefined;
    default:
      return undefined;
  }
}

/** `I am …`. */
function being(parsed: Parsed, lead: string): Draft | undefined {
  const { verb, rest, adverbs } = parsed;
  if (verb === 'going' && rest.startsWith('to ')) return goal('is', parsed, { lead, wanted: rest.slice(3) });
  if (/ing$/.test(verb) && rest !== '') {
    if (!words.GERUNDS.has(verb) || words.REQUEST_NOUNS.test(rest)) return lookingFor(parsed, lead);
    const wanted = /^(?:trying|planning|hoping)$/.test(verb) ? rest.replace(/^to /, '') : '';
    if (wanted !== '') return goal('is', parsed, { lead, wanted });
    const kind = words.DATE.test(rest) ? 'event' : 'fact';
    const isGoal = /^(?:saving|training|learning|preparing|considering)$/.test(verb);
    return state('is', parsed, { lead, kind, confidence: 0.8, goal: isGoal });
  }
  if (verb === 'into' || (verb === 'a' && /^(?:big |huge )?fan of /.test(rest)) || verb === 'fond')
    return state('is', parsed, { lead, kind: 'preference', confidence: 0.9 });
  if (verb === '' || words.PASSING.has(verb) || adverbs.some((adverb) => adverb === 'just')) return interested(parsed, lead);
  const plain = /^(?:a|an|the|from|allergic|vegetarian|vegan|married|single|divorced|\d+)$/.test(verb) || /^\p{Lu}/u.test(verb);
  const diet = /^(?:vegetarian|vegan|pescatarian|lactose|gluten)/.test(verb);
  return state('is', parsed, { lead, kind: 'fact', confidence: diet || plain ? 0.9 : 0.65 });
}

function lookingFor(parsed: Parsed, lead: string): Draft | undefined {
  if (parsed.verb !== 'looking' || !/^(?:for|to|forward to) /.test(parsed.rest) || words.REQUEST_NOUNS.test(parsed.rest)) return undefined;
  if (parsed.rest.startsWith('to ')) return goal('is', parsed, { lead, wanted: parsed.rest.slice(3) });
  return state('is', parsed, { lead, kind: 'fact', confidence: 0.7, goal: parsed.rest.startsWith('for ') });
}

function interested(parsed: Parsed, lead: string): Draft | undefined {
  if (parsed.verb !== 'interested' || !parsed.rest.startsWith('in ') || DEICTIC.test(parsed.rest.slice(3))) return undefined;
  return state('is', parsed, { lead, kind: 'preference', confidence: 0.75 });
}

/** `I have …`: a possession, or something done. */
function having(parsed: Parsed, lead: string): Draft | undefined {
  const { verb, rest } = parsed;
  if (words.PARTICIPLES.has(verb) && !/^(?:had|been) (?:a|an|the|some)? ?(?:problem|issue|question|thought)/.test(`${verb} ${rest}`)) {
    if (rest === '' || (verb === 'been' && words.PASSING.has(rest.split(' ')[0] ?? ''))) return undefined;
    return state('has', parsed, { lead, kind: words.DATE.test(rest) && verb !== 'been' ? 'event' : 'fact', confidence: 0.75 });
  }
  if (verb === 'to') return words.DATE.test(rest) ? state('has', parsed, { lead, kind: 'event', confidence: 0.7 }) : undefined;
  const object = `${verb} ${rest}`;
  if (
    /^(?:no idea|no clue|been|a feeling|a hunch|just|already|seen|heard|read|tried|noticed|got to)\b/.test(object) ||
    words.PASSING_NOUNS.test(object)
  )
    return undefined;
  if (words.REQUEST_NOUNS.test(object) || DEICTIC.test(object) || /(?:ed|en)$/.test(verb)) return undefined;
  const kind = words.DATE.test(rest) ? 'event' : 'fact';
  const possessed = { ...parsed, auxiliary: '', verb: 'have', rest: object.trim() };
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
  if (kind) {
    const habit =
      words.HABIT.test(`${rest} ${lead}`) ||
      parsed.adverbs.some((adverb) => /^(?:always|never|usually|often|normally|typically|rarely|generally|regularly)$/.test(adverb));
    if (words.HABIT_VERBS.has(verb) && !habit) return undefined;
    if (rest === '' && !/^(?:smoke|drive|ski|surf|row|commute|garden|drink)$/.test(verb)) return undefined;
    const confidence = kind === 'preference' ? 0.9 : 0.85;
    return state(negated ? 'does' : '', parsed, { lead, kind, confidence });
  }
  if (negated || parsed.auxiliary !== '') return undefined;
  const precise = words.DATE.test(`${rest} ${lead}`) || /\b(?:\p{Lu}\p{Ll}|\d)/u.test(rest);
  if (words.PAST_STATE_VERBS.has(verb) && rest !== '') return state('', parsed, { lead, kind: 'fact', confidence: 0.8 });
  if (words.EVENT_VERBS.has(verb) || (words.WEAK_EVENT_VERBS.has(verb) && precise)) {
    return state('', parsed, { lead, kind: 'event', confidence: words.EVENT_VERBS.has(verb) ? 0.85 : 0.7, goal: verb === 'decided' });
  }
  return undefined;
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
  const verb = auxiliary === '' ? conjugate(parsed.verb) : parsed.verb;
  const negation = parsed.negated ? ['not'] : [];
  const said = ['User', auxiliary, ...negation, ...adverbs, verb, firstPersonToThird(parsed.rest), firstPersonToThird(lowerFirst(lead))];
  const doubt = parsed.adverbs.some((adverb) => words.DOUBT.has(adverb)) ? 0.2 : 0;
  return {
    text: asSentence(said.filter((part) => part !== '').join(' ')),
    kind,
    confidence: confidence - doubt,
    goal: isGoal,
    emphasised: parsed.adverbs.some((adverb) => words.EMPHASIS.has(adverb)),
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
