import { pattern } from '../../llm/pattern.ts';
import { withoutSaid } from './without-said.ts';

/** Keys and tokens by the forms that their issuers give them. */
const KEY = pattern('')`
  -----BEGIN [A-Z ]*PRIVATE KEY-----|\bsk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}|\b(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|
  \b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}|\bglpat-[A-Za-z0-9_-]{18,}|
  \bxox[abprs]-[A-Za-z0-9-]{10,}|\bAIza[A-Za-z0-9_-]{30,}|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}|
  \bAccountKey=[A-Za-z0-9+\/=]{40,}|\bSharedAccessSignature=\S{20,}|[?&]sig=[A-Za-z0-9%+\/]{20,}|
  \bkeepsake_[A-Za-z0-9_-]{16,}|\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@\/]{1,64}:[^\s@\/]{3,}@`;

/** What is told to be a secret, and then told. */
const NAMED = pattern('iu')`
  \b(?:pass(?:word|code|phrase|wort)|kennwort|zugangsdaten|geheimzahl|pin(?:[- ]?(?:code|nummer|number))?|puk|tan|cvv|cvc|
  api[- ]?key|api[- ]?schlüssel|secret(?:[- ]key)?|private[- ]key|access[- ]token|bearer[- ]token|auth[- ]token|seed phrase|
  recovery (?:phrase|code)|wiederherstellungscode)\b[^.\n]{0,30}?(?:\bis\b|\bare\b|\bwas\b|\bist\b|\blautet\b|\bsind\b|[:=])\s*["'“„]?([^\s"'”“,;]{3,})`;
/** Words that follow such a name without being the secret: "my password is long", "the PIN is wrong". */
const NO_SECRET = /^(?:[\p{Ll}-]+[.!?]*)$/u;
const SPELLED = /\p{L}\p{N}|\p{N}\p{L}|[^\p{L}\p{N}.'’-]|\p{Ll}\p{Lu}|^\p{N}{3,}/u;

const SOCIAL_SECURITY = pattern('i')`
  \b(?:ssn|social security(?: number)?|sozialversicherungsnummer|steuer-?id(?:entifikationsnummer)?)\b[^.\n]{0,30}?\d[\d -]{7,}`;

const CARD = /(?<![\d.,-])(?:\d[ -]?){13,19}(?![\d-])/g;
const IBAN = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b/g;

/** Does a text hold a key, a password, a card number, an account number or the like? */
export function readsLikeSecret(text: string): boolean {
  if (KEY.test(text) || SOCIAL_SECURITY.test(text) || tellsSecret(text)) return true;
  if ([...text.matchAll(CARD)].some(([digits]) => isCardNumber(digits.replace(/\D/g, '')))) return true;
  return [...text.matchAll(IBAN)].some(([iban]) => isIban(iban.replaceAll(' ', '')));
}

function tellsSecret(text: string): boolean {
  const told = NAMED.exec(text)?.[1];
  if (told === undefined) return false;
  return !NO_SECRET.test(told) && SPELLED.test(told.replace(/[.!?]+$/, ''));
}

/** The check digit of card numbers (ISO/IEC 7812-1, Luhn). */
function isCardNumber(digits: string): boolean {
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1+$/.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const doubled = Number(digit) * (i % 2 === 1 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/** The check digits of account numbers (ISO 13616, modulo 97). */
function isIban(iban: string): boolean {
  if (iban.length < 15 || iban.length > 34) return false;
  const turned = `${iban.slice(4)}${iban.slice(0, 4)}`;
  const digits = [...turned].map((c) => (/\d/.test(c) ? c : String(c.charCodeAt(0) - 55))).join('');
  let rest = 0;
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1;
}

/** A summary or an insight without the sentences that tell a secret: what stands in every context must not. */
export const withoutSecrets = (text: string): string => withoutSaid(text, readsLikeSecret);
