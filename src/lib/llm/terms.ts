import { stemmer } from 'stemmer';
import { deu, eng, fra, ita, jpn, nld, por, spa, zho } from 'stopword';

/** The languages whose function words we know; any other text is handled as `en`, which costs quality and nothing else. */
export type Language = 'en' | 'de' | 'fr' | 'es' | 'it' | 'pt' | 'nl' | 'zh' | 'ja';

export interface Term {
  stem: string;
  /** As it was written. */
  surface: string;
  /** Its place among all words of the text, function words included: neighbours differ by one. */
  position: number;
  /** It opens the text or follows a punctuation mark, so that a capital says nothing. */
  opening: boolean;
}

// The English list of the package leaves out contractions and fillers of chat.
const CHATTER = `
  don't doesn't didn't isn't wasn't can't won't wouldn't i'm i've i'll i'd you're it's that's let's there's what's just
  really very so too maybe please thanks thank yes yeah no not okay ok sure hi hello hey oh well actually also lot lots
  thing things something anything want need know think going go get got let us am pretty quite bit kind sort say says said
  tell user user's his she they're he's she's were does
`;

const STOP_WORDS: Record<Language, Set<string>> = {
  en: new Set([...eng, ...CHATTER.trim().split(/\s+/)]),
  de: new Set([...deu, 'nutzer', 'nutzers', 'hallo', 'bitte', 'danke', 'ok', 'okay', 'gerne', 'halt', 'eigentlich']),
  fr: new Set(fra),
  es: new Set(spa),
  it: new Set(ita),
  pt: new Set(por),
  nl: new Set(nld),
  zh: new Set(zho),
  ja: new Set(jpn),
};

const LATIN: Language[] = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl'];
const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}'’_-]*/gu;
const LANGUAGE_SAMPLE = 4_000;
const KANA = /[\u3040-\u30ff]/;
const HAN = /[\u4e00-\u9fff]/g;

const words = new Intl.Segmenter(undefined, { granularity: 'word' });

/** The language of a text by its script and its function words. */
export function languageOf(text: string): Language {
  const sample = text.slice(0, LANGUAGE_SAMPLE);
  if (KANA.test(sample)) return 'ja';
  if ((sample.match(HAN)?.length ?? 0) * 3 > sample.length / 2) return 'zh';
  const tokens = sample.toLowerCase().match(WORD) ?? [];
  const hits = LATIN.map((language) => tokens.filter((token) => STOP_WORDS[language].has(token)).length / weight(language));
  const best = hits.indexOf(Math.max(...hits));
  return LATIN[best] ?? 'en';
}

/** The words of a text that carry meaning, in order. */
export function contentTerms(text: string, language: Language): Term[] {
  const found: Term[] = [];
  let position = 0;
  let opening = true;
  for (const { segment, isWordLike } of words.segment(text)) {
    if (!isWordLike) {
      // a comma or a bracket keeps two words from being neighbours
      if (segment.trim() !== '' && segment !== '-') {
        position += 1;
        opening = true;
      }
      continue;
    }
    position += 1;
    const first = opening;
    opening = false;
    const surface = segment.replace(/’/g, "'");
    const lower = surface.toLowerCase();
    if (STOP_WORDS[language].has(lower) || !carriesMeaning(lower)) continue;
    found.push({ stem: stem(lower, language), surface, position, opening: first });
  }
  return found;
}

/** Endings cut off, so that forms of one word meet. */
export function stem(word: string, language: Language): string {
  const bare = word.replace(/'s?$/, '');
  if (language === 'de') return germanStem(bare);
  return /^[a-z'-]+$/.test(bare) ? stemmer(bare) : bare;
}

// Enough to make plural and case forms meet; umlauts fold because plurals add them.
function germanStem(word: string): string {
  const folded = word.replace(/ä/g, 'a').replace(/ö/g, 'o').replace(/ü/g, 'u').replace(/ß/g, 'ss');
  if (folded.length < 5) return folded;
  return folded.replace(/(?:ern|em|en|er|es|et|st|[est])$/, '');
}

function carriesMeaning(word: string): boolean {
  return word.length > 1 || /[^\x00-\x7f]/.test(word) || /\d/.test(word);
}

// The German list is six times the English one and holds content words: a hit in it says less.
function weight(language: Language): number {
  return language === 'de' ? 1.35 : 1;
}
