import type { Draft } from './drafts.ts';
import { asSentence, firstPersonToThird } from './english-rewrite.ts';
import { firstPerson } from './english-states.ts';
import * as words from './english-words.ts';

const LEAD_IN =
  /^(?:well|oh|yes|yeah|yep|no|nope|actually|by the way|btw|hi|hey|hello|also|and|but|so|anyway|to be honest|honestly|personally|thanks|thank you|ok|okay|great|sure|plus|then|because|since|as|in general|generally|true|hmm|good|nice|unfortunately|luckily|that said|as i said|like i said|oh and|though|especially|cool|perfect|right|exactly|correct)(?:[,!.:;]+\s*|\s+(?=(?:i|i'm|i've|i'd|my|we)\b))/i;
const HEDGE =
  /^I(?:'d| would| have to| must| can)? (?:think|guess|suppose|believe|feel like|say|admit|know|mean),? (?:that )?(?=(?:I|I'm|I've|I'd|my)\b)/i;
const CLAUSE_END =
  /;\s+|,?\s+(?:and|but|so|though|while|plus)\s+(?=(?:i|i'm|i've|i'd|i'll|my|we|we're)\b)|,\s+(?=(?:i|i'm|i've|my)\b)|\s+[–—-]\s+|,?\s+because\s+|,?\s+since\s+(?=(?:i|i'm|my)\b)/i;
const SAME_SUBJECT =
  /,?\s+(?:and|but)\s+(?=(?:also |really |usually |currently )?(?:have|am|live|love|hate|prefer|dislike|enjoy|don't|never|always|usually|can't|cannot|use|work (?:as|at|in|for)|want to|need to|plan to|own|speak|moved|bought|started)\b)/i;
const SETTING =
  /^((?:on|in|at|for|during|when|whenever|after|before|with|by|usually|normally|lately|recently|currently|these days|last|next|this|every|at the moment|yesterday|tomorrow|today)\b[^,]{0,60}?),?\s+(?=(?:I|I'm|I've|my)\b)/i;
const SECOND_PERSON = /\b(?:you|your|yours|you're|you've|you'll)\b/i;

/** What one English sentence states about its speaker, each statement in the third person (`User prefers window seats.`). */
export function englishDrafts(sentence: string): Draft[] {
  const { text, asked } = withoutLeadIns(sentence.trim());
  const drafts: Draft[] = [];
  for (const clause of clausesOf(text)) {
    const draft = draftOf(clause);
    if (draft) drafts.push(asked ? { ...draft, emphasised: true, confidence: 0.95 } : draft);
  }
  if (drafts.length === 0 && asked && !SECOND_PERSON.test(text) && text.split(' ').length > 2) {
    return [
      {
        text: `User asked to remember: ${asSentence(text)}`,
        kind: words.DATE.test(text) ? 'event' : 'fact',
        confidence: 0.9,
        goal: false,
        emphasised: true,
      },
    ];
  }
  return drafts;
}

function withoutLeadIns(sentence: string): { text: string; asked: boolean } {
  let text = sentence;
  let asked = false;
  for (let round = 0; round < 4; round += 1) {
    const before = text;
    if (words.REMEMBER.test(text)) asked = true;
    text = text.replace(words.REMEMBER, '').replace(LEAD_IN, '').replace(HEDGE, '');
    if (text === before) break;
  }
  return { text, asked };
}

/** Clauses with a first-person subject each; a left-out subject (`and hate crowds`) is put back. */
function clausesOf(sentence: string): string[] {
  return sentence.split(CLAUSE_END).flatMap((clause) => {
    const [head = '', ...rest] = clause.split(SAME_SUBJECT);
    if (!/^(?:I|I'm|I've)\b/i.test(head) || /\b(?:to|can|could|will|would|should|might|must)\b/i.test(head.slice(0, 60))) return [clause];
    return [head, ...rest.map((part) => `I ${part}`)];
  });
}

function draftOf(clause: string): Draft | undefined {
  const setting = SETTING.exec(clause);
  const core = (setting ? clause.slice(setting[0].length) : clause).replace(/[.!…,\s]+$/, '');
  const lead = setting?.[1] ?? '';
  if (core.length < 5 || SECOND_PERSON.test(clause)) return undefined;
  if (/^my\b/i.test(core)) return possession(core, lead);
  if (/^we\b/i.test(core)) return together(clause);
  const named = /^(?:please )?call me (\p{Lu}[\p{L}'-]+)/u.exec(core);
  if (named) return made(`User wants to be called ${named[1]}`, { kind: 'preference', confidence: 0.95 });
  return /^I(?=[' ])/i.test(core) ? firstPerson(core, lead) : undefined;
}

const POSSESSION =
  /^my ((?:[\p{L}\p{N}'-]+ ){0,4}?[\p{L}\p{N}'-]+?)(?:'s | )(is|are|was|were|has|have|had|lives|live|works|work|likes|loves|hates|prefers|plays|studies|turned|turns|died|moved|starts|started|got|goes|speaks|owns|teaches|runs)?(?= ?)(.*)$/iu;

/** `My sister lives in Oslo`, `my favourite colour is green`. */
function possession(core: string, lead: string): Draft | undefined {
  const found = POSSESSION.exec(core.replace(/^(my [\p{L}-]+)'s /iu, '$1 is '));
  const [, owned = '', verb = '', rest = ''] = found ?? [];
  if (verb === '' || rest.trim() === '' || words.PASSING_NOUNS.test(owned)) return undefined;
  const favourite = /^(?:all-time )?(?:favou?rite|preferred)\b/i.test(owned);
  const dated = words.DATE.test(rest);
  const kind = favourite ? 'preference' : dated ? 'event' : 'fact';
  const said = `User's ${owned} ${verb}${firstPersonToThird(` ${rest.trim()}`)}${lead === '' ? '' : ` ${lead.toLowerCase()}`}`;
  return { ...made(said, { kind, confidence: 0.85 }), goal: /\b(?:goal|dream|target|plan|aim)$/i.test(owned) };
}

/** `We …` is not safely the user alone: the words stay as they were said. */
function together(clause: string): Draft | undefined {
  if (!words.WE_STARTS.test(clause)) return undefined;
  const dated = words.DATE.test(clause);
  return {
    ...made(`User said: "${asSentence(clause)}"`, { kind: dated ? 'event' : 'fact', confidence: 0.65 }),
    goal: /\bplan|\bwant|saving/.test(clause),
  };
}

function made(text: string, { kind, confidence }: Pick<Draft, 'kind' | 'confidence'>): Draft {
  return { text: text.endsWith('"') ? text : asSentence(text), kind, confidence, goal: false, emphasised: false };
}
