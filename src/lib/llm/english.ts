import type { Draft } from './drafts.ts';
import { asSentence, firstPersonToThird } from './english-rewrite.ts';
import { firstPerson } from './english-states.ts';
import * as words from './english-words.ts';
import { pattern } from './pattern.ts';

const LEAD_IN = pattern('i')`
  ^(?:well|oh|yes|yeah|yep|no|nope|actually|by the way|btw|hi|hey|hello|also|and|but|so|anyway|to be honest|honestly|personally|
  thanks|thank you|ok|okay|great|sure|plus|then|because|since|as|in general|generally|true|hmm|good|nice|unfortunately|luckily|
  that said|as i said|like i said|oh and|though|especially|cool|perfect|right|exactly|correct)(?:[,!.:;]+\s*|\s+(?=(?:i|i'm|i've|
  i'd|my|we)\b))`;
const HEDGE = pattern('i')`
  ^I(?:'d| would| have to| must| can)? (?:think|guess|suppose|believe|feel like|say|admit|know|mean),? (?:that )?(?=(?:I|I'm|I've|
  I'd|my)\b)`;
const RETOLD =
  /^(?:as |like )?I (?:told|said|mentioned)(?: to)?(?: you)?(?: before| already| earlier)?,? (?:that )?(?=(?:I|I'm|I've|I'd|my)\b)/i;
/** `Just moved to Ghent!` leaves its subject out. */
const SUBJECTLESS = /^(just|recently|finally) (?=(?:moved|bought|sold|adopted|started|quit|became|got) )/i;
const AS_A = /^as (an? (?!matter|result|reminder|side|start|whole|rule|child|kid|group|team|test)[^,]{3,50}), (?=(?:I|I'm|I've|my)\b)/i;
const ORDER = pattern('i')`
  ^(?:please |and |so )*(?:always|never|from now on,?) (?:please )?(?:answer|respond|reply|write|use|give|keep|include|avoid|show|
  address|format|speak|call me|start|explain|add)\b`;
const MATTERS = /^it(?:'s| is) (?:very |really |so )?important (?:to|for) me\b/i;
const CLAUSE_END = pattern('i')`
  ;\s+|,?\s+(?:and|but|so|though|while|plus)\s+(?=(?:i|i'm|i've|i'd|i'll|my|we|we're)\b)|,\s+(?=(?:i|i'm|i've|my)\b)|\s+[–—-]\s+|
  ,?\s+because\s+|,?\s+since\s+(?=(?:i|i'm|my)\b)`;
const SAME_SUBJECT = pattern('i')`
  ,?\s+(?:and|but)\s+(?=(?:also |really |usually |currently )?(?:have|am|live|love|hate|prefer|dislike|enjoy|don't|never|always|
  usually|can't|cannot|use|work (?:as|at|in|for)|want to|need to|plan to|own|speak|moved|bought|started)\b)`;
const SETTING = pattern('i')`
  ^((?:when|whenever|after|before|while|during|for|on|in|at|with|by)\b[^,]{2,60}),\s+(?=(?:I|I'm|I've|my)\b)|^((?:on|in|at|for|
  during|with|by|next|last|this|every)\b[^,]{2,40}?|usually|normally|lately|recently|currently|these days|at the moment|yesterday|
  tomorrow|today|nowadays),?\s+(?=(?:I|I'm|I've)\b)`;
const SECOND_PERSON = /\b(?:you|your|yours|you're|you've|you'll)\b/i;
const TRAILING = pattern('i')`
  (?:,?\s+(?:btw|by the way|though|too|as well|lol|haha|please|you know|i think|i guess|to be honest|tbh|honestly|of course|
  thanks|thank you|right now))+$`;

/** What one English sentence states about its speaker, each statement in the third person (`User prefers window seats.`). */
export function englishDrafts(sentence: string): Draft[] {
  const { text, asked } = withoutLeadIns(sentence.trim());
  if (ORDER.test(text) && !SECOND_PERSON.test(text)) return [asSaid(text)];
  const role = AS_A.exec(text);
  if (!role) return statedIn(text, asked);
  const being = made(`User is ${firstPersonToThird(role[1] ?? '')}`, { kind: 'fact', confidence: 0.7 });
  return [being, ...statedIn(text.slice(role[0].length), asked)];
}

function statedIn(text: string, asked: boolean): Draft[] {
  const setting = SETTING.exec(text);
  const lead = setting?.[1] ?? setting?.[2] ?? '';
  const clauses = clausesOf(text.slice(setting?.[0].length ?? 0));
  const drafts = clauses.flatMap((clause, index) => draftOf(clause, index === 0 ? lead : '') ?? []);
  if (asked && drafts.length === 0) return toRemember(text);
  return asked ? drafts.map((draft) => ({ ...draft, emphasised: true, confidence: 0.95 })) : drafts;
}

/** What the user asks to be remembered is kept as said, unless it speaks to the assistant. */
function toRemember(text: string): Draft[] {
  if (SECOND_PERSON.test(text) || text.split(' ').length < 3) return [];
  const kind = words.DATE.test(text) ? 'event' : 'fact';
  return [{ ...made(`User asked to remember: ${text}`, { kind, confidence: 0.9 }), emphasised: true }];
}

function withoutLeadIns(sentence: string): { text: string; asked: boolean } {
  let text = sentence;
  let asked = false;
  for (let round = 0; round < 4; round += 1) {
    const before = text;
    if (words.REMEMBER.test(text)) asked = true;
    text = text.replace(words.REMEMBER, '').replace(LEAD_IN, '').replace(HEDGE, '').replace(RETOLD, '').replace(SUBJECTLESS, 'I $1 ');
    if (text === before) break;
  }
  return { text, asked };
}

/** Clauses with a first-person subject each; a left-out subject (`and hate crowds`) is put back. */
function clausesOf(sentence: string): string[] {
  if (WITH_OTHERS.test(sentence)) return [sentence];
  return sentence.split(CLAUSE_END).flatMap((clause) => {
    const [head = '', ...rest] = clause.split(SAME_SUBJECT);
    if (!/^(?:I|I'm|I've)\b/i.test(head) || /\b(?:to|can|could|will|would|should|might|must)\b/i.test(head.slice(0, 60))) return [clause];
    return [head, ...rest.map((part) => `I ${part}`)];
  });
}

function draftOf(clause: string, lead: string): Draft | undefined {
  const core = clause
    .replace(words.TAIL, '')
    .replace(/[.!…,:\s]+$/, '')
    .replace(TRAILING, '');
  if (core.length < 5 || SECOND_PERSON.test(core)) return undefined;
  if (MATTERS.test(core)) return asSaid(core);
  if (/^my\b/i.test(core)) return withOthers(core) ?? possession(core, lead);
  if (/^we\b/i.test(core)) return together(core);
  const named = /^(?:please )?call me (\p{Lu}[\p{L}'-]+)$/iu.exec(core);
  if (named) return made(`User wants to be called ${named[1]}`, { kind: 'preference', confidence: 0.95 });
  return /^I(?=[' ])/i.test(core) ? firstPerson(core, lead) : undefined;
}

const POSSESSION = pattern('iu')`
  ^my ((?:[\p{L}\p{N}'-]+ ){0,4}?[\p{L}\p{N}'-]+) (is|are|was|were|has|have|had|lives|live|works|work|likes|loves|hates|prefers|
  plays|studies|turned|turns|died|moved|starts|started|got|goes|speaks|owns|teaches|runs) (.+)$`;
const WITH_OTHERS = /^my ([\p{L}-]+(?: [\p{L}-]+)?) and I( .+)$/iu;

/** `My wife and I are moving to Lisbon`. */
function withOthers(core: string): Draft | undefined {
  const [, other = '', rest = ''] = WITH_OTHERS.exec(core) ?? [];
  if (!words.WE_STARTS.test(`we${rest}`)) return undefined;
  const kind = words.DATE.test(rest) ? 'event' : 'fact';
  return { ...made(`User and their ${other}${firstPersonToThird(rest)}`, { kind, confidence: 0.8 }), goal: words.SHARED_GOAL.test(rest) };
}

/** `My sister lives in Oslo`, `my favourite colour is green`. */
function possession(core: string, lead: string): Draft | undefined {
  const found = POSSESSION.exec(core.replace(/^(my (?:full |first )?name)'s /i, '$1 is '));
  const [, owned = '', verb = '', rest = ''] = found ?? [];
  if (rest === '' || words.PASSING_NOUNS.test(owned) || passes(verb, rest)) return undefined;
  const favourite = /^(?:all-time )?(?:favou?rite|preferred)\b/i.test(owned);
  const kind = favourite ? 'preference' : words.DATE.test(rest) ? 'event' : 'fact';
  const setting = lead === '' ? '' : ` ${lead.charAt(0).toLowerCase()}${lead.slice(1)}`;
  const text = `User's ${owned} ${verb} ${firstPersonToThird(rest)}${firstPersonToThird(setting)}`;
  const confidence = /\bname$/i.test(owned) ? 0.95 : 0.85;
  return { ...made(text, { kind, confidence }), goal: /\b(?:goal|dream|target|plan|aim)$/i.test(owned) };
}

/** `My head is so heavy`: a mood; `my birthday is on 3 March` is none. */
function passes(verb: string, rest: string): boolean {
  const [first = ''] = rest.toLowerCase().split(' ');
  return /^(?:is|are|was|were)$/i.test(verb) && words.PASSING.has(first) && !words.PLACE_WORDS.has(first);
}

/** `We …` is not safely the user alone: the words stay as they were said. */
function together(clause: string): Draft | undefined {
  if (!words.WE_STARTS.test(clause)) return undefined;
  const dated = words.DATE.test(clause);
  return {
    ...made(`User said: "${asSentence(clause)}"`, { kind: dated ? 'event' : 'fact', confidence: 0.65 }),
    goal: words.SHARED_GOAL.test(clause),
  };
}

/** What the user wants of every answer stays in their words. */
function asSaid(text: string): Draft {
  return { ...made(`User said: "${asSentence(text)}"`, { kind: 'preference', confidence: 0.8 }), emphasised: true };
}

function made(text: string, { kind, confidence }: Pick<Draft, 'kind' | 'confidence'>): Draft {
  return { text: text.endsWith('"') ? text : asSentence(text), kind, confidence, goal: false, emphasised: false };
}
