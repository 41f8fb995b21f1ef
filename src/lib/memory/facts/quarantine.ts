import { pattern } from '../../llm/pattern.ts';
import { sentencesOf, withoutCode } from '../../llm/sentences.ts';
import { ordersModel } from '../../llm/statements.ts';
import { contentTerms, languageOf } from '../../llm/terms.ts';
import type { Message } from '../../model.ts';
import type { Quarantine } from '../../model-memory.ts';
import { readsLikeSecret } from './secrets.ts';

const OWN_WORDS_AROUND = 300; // characters of a paragraph before or after a pasted text that may be the user's own
const MANY_LINES = 15;
const LONG_TEXT = 1500;
const SAID = 0.6; // the share of a fact's words that somebody's own words must have

/** Orders to whoever reads the memory, told of the assistant, to "you", or bare. Statements of the user about itself are none. */
const ORDER = pattern('iu')`
  ^(?:please |bitte )?(?:ignore|disregard|override|bypass|reveal|execute|run|always (?:say|answer|reply|respond|recommend|include|trust)|
  never (?:say|tell|mention|reveal|refuse|ask)|ignorier\w*|missacht\w*|umgeh\w*|verrate|führe)\b|
  \b(?:you|the (?:assistant|ai|model|bot|chatbot|system|agent)|du|sie|(?:der|die) (?:assistent\w*|ki|modell|bot|agent))\b
  [^.]{0,20}\b(?:must|shall|has to|have to|should|are (?:required|instructed)|is (?:required|instructed)|may not|musst|muss|müssen|
  sollst|soll|darfst|darf)\b[^.]{0,60}\b(?:always|never|ignore|reveal|obey|comply|execute|forward|send|include|recommend|trust|refuse|
  immer|niemals|nie|ignorier\w*|gehorch\w*|preisgeb\w*|weiterleit\w*|sende\w*|empfehl\w*|vertrau\w*)\b|
  \b(?:new|updated|neue) (?:instructions?|rules?|system prompt|anweisung\w*|regeln?)\s*:|\b(?:developer|god|admin) mode\b`;
/** What a user says of itself, however much it must and always does. */
const OF_THE_USER = /^(?:the )?user\b|^der nutzer\b|^die lieblings\p{L}+ des nutzers\b/iu;

const MAIL_HEADER = /^(?:From|To|Subject|Date|Von|An|Betreff|Datum|Gesendet|Sent): .+$/gm;
const QUOTED_LINE = /^\s{0,3}>/;

/** What a fact rests on, as far as its trust goes. */
type Origin = Pick<Message, 'role' | 'content'>;

/**
 * Whether a fact is kept apart, and why: it holds a secret, reads like an order to the assistant, or nobody but a tool or a pasted
 * document says it. In doubt it is trusted: a fact that is wrongly kept apart is a fact that is forgotten. Pure.
 */
export function quarantineOf(text: string, sources: Origin[]): Quarantine | undefined {
  if (readsLikeSecret(text)) return 'secret';
  if (readsLikeOrder(text)) return 'instruction';
  if (sources.length === 0) return undefined;
  const said = sources.filter(({ role }) => role !== 'tool' && role !== 'system');
  if (said.length === 0) return 'tool';
  if (said.every(({ content }) => orders(content, text))) return 'instruction';
  return said.every(({ content }) => isPastedOnly(content, text)) ? 'pasted' : undefined;
}

/** Does a statement read like an order to the assistant? */
export function readsLikeOrder(text: string): boolean {
  if (ordersModel(text)) return true;
  return ORDER.test(text) && !(OF_THE_USER.test(text) && !/\b(?:assistant|ai|chatbot)\b[^.]{0,20}\bmust\b/i.test(text));
}

/** Is the sentence of a message that has most of a fact's words an order to the assistant? */
function orders(content: string, text: string): boolean {
  if (!ordersModel(content)) return false;
  const ranked = sentencesOf(content).map((sentence) => ({ sentence, share: shareIn(sentence, text) }));
  const best = ranked.toSorted((a, b) => b.share - a.share)[0];
  return best !== undefined && best.share > 0 && ordersModel(best.sentence);
}

/** Does a message say the fact in a pasted part only, and not in the user's own words around it? */
function isPastedOnly(content: string, text: string): boolean {
  const own = ownWords(content);
  return own !== undefined && shareIn(own, text) < SAID && shareIn(content, text) > shareIn(own, text);
}

/** The user's own words in a message that looks as if something was pasted into it; undefined for any other message. */
function ownWords(content: string): string | undefined {
  const unfenced = withoutCode(content);
  const lines = unfenced.split(/\r?\n/);
  const free = lines.filter((line) => !QUOTED_LINE.test(line));
  const mail = (unfenced.match(MAIL_HEADER)?.length ?? 0) >= 2;
  const long = content.length >= LONG_TEXT && lines.filter((line) => line.trim() !== '').length >= MANY_LINES;
  if (unfenced === content && free.length === lines.length && !mail && !long) return undefined;
  const rest = free.join('\n');
  if (mail) return rest.slice(0, rest.search(new RegExp(MAIL_HEADER.source, 'm')));
  if (!long) return rest;
  const paragraphs = rest.split(/\n\s*\n/);
  const around = [paragraphs[0] ?? '', paragraphs.length > 1 ? (paragraphs.at(-1) ?? '') : ''];
  return around.filter((one) => one.length <= OWN_WORDS_AROUND).join('\n');
}

/** The share of a fact's words that a text has. */
function shareIn(text: string, fact: string): number {
  const language = languageOf(fact);
  const stems = new Set(contentTerms(fact, language).map(({ stem }) => stem));
  const there = new Set(contentTerms(text, language).map(({ stem }) => stem));
  return stems.size === 0 ? 1 : [...stems].filter((stem) => there.has(stem)).length / stems.size;
}
