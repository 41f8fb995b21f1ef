import type { Draft } from './drafts.ts';
import * as words from './german-words.ts';
import { pattern } from './pattern.ts';

const CLAUSE_END = /;\s+|,?\s+(?:und|aber|sondern)\s+(?=(?:ich|mein\p{L}*)\b)|,\s+(?=(?:ich|mein\p{L}*)\b)|\s+[–—-]\s+/iu;
/** A reason or an aside is not part of the statement. */
const SUBORDINATE = /,\s*(?:weil|da|denn|obwohl|sodass|so dass|damit|wobei|während|was|wie)\b.*$/i;
const SAME_SUBJECT = /,?\s+und\s+(?=(\p{Ll}+)\b)/u;
const ADDRESSED = /\b(?:du|dir|dich|dein\p{L}*|euch|euer\p{L}*)\b|(?:^|\s)\S.*\b(?:Sie|Ihnen|Ihre?[nmrs]?)\b/iu;
const WITH_OTHERS = pattern('iu')`
  ^(?:meine? \p{Lu}\p{L}+ und ich|wir) (?:haben|wohnen|leben|ziehen|planen|kaufen|bauen|erwarten|heiraten|reisen|fliegen|fahren|
  möchten|wollen|sparen)\b`;
const ORDER = pattern('iu')`
  ^(?:bitte )?(?:antworte|schreib|schreibe|nutze|verwende|nenn|nenne|benutze|erkläre?)\b.{0,80}\b(?:immer|nie|niemals|ab jetzt|
  künftig)\b`;
const DEICTIC = /^(?:es|das|dies|diese[nmrs]?|sie|ihn|ihm|ihnen|so|beides|alles davon)\b[.!]*$/i;
const SAFE_POSSESSIVE = /\bmein(e|em|en|er|es)?\b/g;
const STILL_FIRST_PERSON = /\b(?:ich|mich|mir|wir|uns|unser\p{L}*)\b/iu;

/** What one German sentence states about its speaker, in the third person where that is safe, else quoted: `Der Nutzer sagt: „…“`. */
export function germanDrafts(sentence: string): Draft[] {
  const said = sentence.trim().replace(words.LEAD_IN, '');
  const asked = words.REMEMBER.test(said);
  const text = said.replace(words.REMEMBER, '').replace(words.LEAD_IN, '');
  if (ADDRESSED.test(text)) return [];
  // after `dass` the verb stands last: what is to be remembered stays as it was said
  if (asked) return [{ ...draft(quoted(said), { kind: words.DATE.test(text) ? 'event' : 'fact', confidence: 0.9 }), emphasised: true }];
  if (ORDER.test(text)) return [{ ...draft(quoted(text), { kind: 'preference', confidence: 0.8 }), emphasised: true }];
  return clausesOf(text).flatMap((clause) => draftOf(clause) ?? []);
}

function clausesOf(sentence: string): string[] {
  if (WITH_OTHERS.test(sentence)) return [sentence.replace(SUBORDINATE, '')];
  return sentence.split(CLAUSE_END).flatMap((clause) => {
    const plain = clause.replace(SUBORDINATE, '').replace(/[.!…,\s]+$/, '');
    const [head = '', next, rest] = plain.split(SAME_SUBJECT);
    const shared = /^ich\b/i.test(head) && next !== undefined && words.VERBS.has(next);
    return shared ? [head, `Ich ${rest ?? ''}`] : [plain];
  });
}

interface Parsed {
  verb: string;
  lead: string;
  rest: string;
}

/** `Ich <verb> …`, or `<lead> <verb> ich …`. */
function parse(clause: string): Parsed | undefined {
  const tokens = clause.split(/\s+/);
  const at = tokens.findIndex((token) => token.toLowerCase() === 'ich');
  const direct = at === 0;
  const verb = (direct ? tokens[1] : tokens[at - 1])?.toLowerCase() ?? '';
  if (at < 0 || at > 8 || at === 1 || !words.VERBS.has(verb)) return undefined;
  const lead = direct ? '' : tokens.slice(0, at - 1).join(' ');
  return { verb, lead, rest: tokens.slice(direct ? 2 : at + 1).join(' ') };
}

function draftOf(clause: string): Draft | undefined {
  if (WITH_OTHERS.test(clause)) return together(clause);
  if (/^mein/i.test(clause)) return possession(clause);
  if (/^mir (?:gefällt|gefallen|schmeckt|schmecken|ist wichtig)\b/i.test(clause))
    return draft(quoted(clause), { kind: 'preference', confidence: 0.75 });
  const parsed = parse(clause);
  if (!parsed) return undefined;
  const { verb, lead, rest } = parsed;
  const around = `${lead} ${rest}`.trim();
  if (around === '' || DEICTIC.test(around) || passing(parsed)) return undefined;
  const taste = words.PREFERENCE_VERBS.has(verb) || words.TASTE.test(around);
  const dated = words.DATE.test(around);
  const event = (dated && !words.HABIT.test(around)) || words.DONE_ONCE.test(rest);
  const goal = words.GOAL_VERBS.has(verb) && !/\b(?:nicht|kein\p{L}*|nie)\b/u.test(around);
  const kind = taste ? 'preference' : event && !goal ? 'event' : 'fact';
  const confidence = taste ? 0.9 : goal ? 0.75 : 0.85;
  return { ...draft(thirdPerson(parsed, clause), { kind, confidence }), goal, emphasised: words.EMPHASIS.test(around) };
}

/** What says nothing that lasts: a mood, a request to the assistant, an everyday act without a date or a habit. */
function passing({ verb, lead, rest }: Parsed): boolean {
  const around = `${lead} ${rest}`;
  const timed = words.DATE.test(around) || words.HABIT.test(around);
  if (verb === 'bin') return words.PASSING_STATE.test(rest) || rest === '';
  if (words.GOAL_VERBS.has(verb)) return words.REQUEST.test(rest) || words.PASSING_OBJECT.test(rest);
  if (verb === 'habe' || verb === 'hab') {
    const doing = words.PARTICIPLE_END.test(rest) && !words.DONE_ONCE.test(rest);
    return words.PASSING_OBJECT.test(rest) || (doing && !timed);
  }
  if (verb === 'kann') return !/\b(?:kein\p{L}*|nicht|schwimmen|sprechen|spielen|programmieren|kochen)\b/u.test(rest);
  if (verb === 'komme') return !/^(?:ursprünglich )?aus\b/i.test(rest);
  return words.WEAK_VERBS.has(verb) && !timed && !words.TASTE.test(around);
}

function thirdPerson({ verb, lead, rest }: Parsed, clause: string): string {
  const opening = words.SMALL_OPENING.test(lead) ? lead.charAt(0).toLowerCase() + lead.slice(1) : lead;
  // the only object pronoun that is safe to turn: the reflexive right after its verb
  const turned = `${opening} ${rest}`
    .trim()
    .replace(/^mich\b/i, 'sich')
    .replace(SAFE_POSSESSIVE, 'sein$1');
  if (STILL_FIRST_PERSON.test(turned)) return quoted(clause);
  return ended(`Der Nutzer ${words.VERBS.get(verb) ?? verb} ${turned}`);
}

const POSSESSION = pattern('iu')`
  ^(meine?) (\p{Lu}\p{L}*(?: \p{Lu}\p{L}*)?)[ ]
  (ist|sind|war|hat|haben|heißt|heißen|wohnt|wohnen|lebt|leben|arbeitet|studiert|mag|liebt|kommt|geht)\b(.*)$`;

/** `Meine Schwester …` is feminine or plural; after `Mein` the article would be a guess. */
function possession(clause: string): Draft | undefined {
  const name = /^mein (?:voller )?name ist (.+)$/i.exec(clause);
  if (name) return draft(ended(`Der Nutzer heißt ${name[1]}`), { kind: 'fact', confidence: 0.95 });
  const found = POSSESSION.exec(clause);
  const [, article = '', owned = '', verb = '', rest = ''] = found ?? [];
  if (verb === '' || rest.trim() === '' || words.PASSING_OBJECT.test(owned)) return undefined;
  const kind = /^Lieblings/i.test(owned) ? 'preference' : words.DATE.test(rest) ? 'event' : 'fact';
  const safe = article.toLowerCase() === 'meine' && !STILL_FIRST_PERSON.test(rest);
  const text = safe ? ended(`Die ${owned} des Nutzers ${verb}${rest.replace(SAFE_POSSESSIVE, 'sein$1')}`) : quoted(clause);
  return { ...draft(text, { kind, confidence: 0.85 }), goal: /^(?:Ziel|Traum|Plan)$/i.test(owned) };
}

/** `Wir …` is not safely the user alone. */
function together(clause: string): Draft | undefined {
  if (words.PASSING_OBJECT.test(clause)) return undefined;
  const kind = words.DATE.test(clause) ? 'event' : 'fact';
  return { ...draft(quoted(clause), { kind, confidence: 0.65 }), goal: /\b(?:plan|möcht|woll|spar|zieh)/i.test(clause) };
}

function quoted(clause: string): string {
  return `Der Nutzer sagt: „${ended(clause)}“`;
}

function ended(text: string): string {
  return `${text.trim().replace(/[.!…,;:\s]+$/, '')}.`;
}

function draft(text: string, { kind, confidence }: Pick<Draft, 'kind' | 'confidence'>): Draft {
  return { text, kind, confidence, goal: false, emphasised: false };
}
