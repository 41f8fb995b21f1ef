import { pattern } from './pattern.ts';
import { sentencesOf, withoutCode } from './sentences.ts';

/** A task whose payload is somebody's text, not the user's own words: everything after the colon is left out. */
const TASK = pattern('i')`
  ^[^\n:]{0,80}\b(?:translat\w+|proofread|summari[sz]e|rewrite|rephrase|correct|edit|review|improve|analy[sz]e|übersetz\w*|
  korrigier\w*|fass\w*|überarbeit\w*|verbesser\w*|formulier\w*)\b[^\n:]{0,120}:`;
const QUOTED = /"[^"\n]{0,300}"|“[^”\n]{0,300}”|„[^“”\n]{0,300}[“”]|«[^»\n]{0,300}»/g;
const OWN_WORDS = /\b(?:I|I'm|my|me|ich|mein\w*|mir|mich)\b/i;

const HYPOTHETICAL = pattern('i')`
  \b(?:if|unless) (?:i|i'm|i'd|my|we)\b|\b(?:suppose|imagine|pretend|hypothetically|let's say|what if|as if|as though|assume|
  assuming|role-?play|would have|could have|should have)\b|\bi wish\b|\b(?:wenn|falls|ob|als ob|angenommen|stell dir vor|
  nehmen wir an) ich\b|\bich (?:wünschte|wäre|hätte|könnte|sollte|dürfte)\b|\b(?:hätte|wäre|könnte|sollte) ich\b`;
const ORDER_TO_MODEL = pattern('i')`
  \b(?:ignore|disregard|forget|override)\b[^.]{0,40}\b(?:previous|prior|above|all|your|earlier|instructions?|rules?|prompts?)\b|
  \bsystem prompt\b|\byou are now\b|\bact as\b|\bjailbreak\b|\bignorier\w*\b[^.]{0,40}\b(?:anweisung\w*|regeln?)\b|
  \bdu bist (?:jetzt|nun|ab sofort)\b|<\/?\w+[^>]{0,40}>`;

const TAG_QUESTION = pattern('i')`
  ^(?:right|correct|ok|okay|yes|no|true|you know|remember|don't i|am i not|aren't i|isn't it|haven't i|oder|nicht wahr|stimmt's|
  richtig)\b`;
const OWN_START = pattern('i')`
  ^(?:since|as|because|given that|da|weil)?\s*(?:i'm|i am|i have|i've|i live|i work|i prefer|i love|i like|i hate|i don't|i can't|
  i never|i always|i want|i need|i use|my|ich|mein\w*)\b`;

const BEFORE_QUESTION = pattern('i')`
  [,;:]\s+|\s+[–—-]\s+|\s+(?:so|and|also|und)\s+
  (?=(?:what|which|where|how|can|could|should|would|do|does|is|are|was|wie|wo|welche\w*|kann|soll\w*)\b)`;

/** True for text that tries to give orders to the model that reads it. */
export function ordersModel(sentence: string): boolean {
  return ORDER_TO_MODEL.test(sentence);
}

/** What a user states in a message, sentence by sentence: no code, quotation, pasted text, question, hypothesis or order to the model. */
export function statementsOf(content: string): string[] {
  const plain = withoutQuotations(withoutTask(withoutCode(content))).replace(/[’‘]/g, "'");
  const found: string[] = [];
  for (const sentence of sentencesOf(plain)) {
    if (HYPOTHETICAL.test(sentence) || ordersModel(sentence)) continue;
    if (/[?？][)"']*$/.test(sentence)) found.push(...statedBeforeQuestion(sentence));
    else found.push(sentence);
  }
  return found;
}

function withoutTask(content: string): string {
  const task = TASK.exec(content);
  return task ? content.slice(0, task.index + task[0].length) : content;
}

/** A title in quotation marks stays; a longer quotation, or one that speaks of itself, is somebody's words. */
function withoutQuotations(text: string): string {
  return text.replace(QUOTED, (quotation) => (OWN_WORDS.test(quotation) || quotation.split(' ').length > 6 ? ' ' : quotation));
}

/** `I'm vegetarian, what should I cook?` states its first half. */
function statedBeforeQuestion(sentence: string): string[] {
  const parts = sentence.split(BEFORE_QUESTION);
  const question = parts.pop() ?? '';
  if (TAG_QUESTION.test(question)) return [];
  return parts.filter((part) => OWN_START.test(part)).slice(0, 2);
}
