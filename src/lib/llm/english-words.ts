import { pattern } from './pattern.ts';
import type { FactKind } from './port.ts';

// The words by which first-person English statements are recognised. Anything not listed is not taken for a fact.

const list = (words: string): string[] => words.trim().split(/\s+/);

/** Present-tense verbs that state something lasting. */
export const PREFERENCE_VERBS = new Set(list('like love prefer hate dislike enjoy adore detest avoid favor favour despise loathe care'));
export const LASTING_VERBS = new Set(
  list(`
    live work study use own speak play drive teach lead manage eat drink cook commute follow collect practise practice
    volunteer coach invest earn train swim sail climb cycle garden hike rent share specialise specialize suffer smoke belong
    come breed row ski surf dance sing paint code program maintain support attend have struggle contribute file bike max
  `),
);
/** Verbs of passing business too: they count only with a sign of habit (`every morning`, `usually`). */
export const HABIT_VERBS = new Set(
  list(`
    run read write go get make do sleep wake travel fly wear pay save walk take buy order start watch listen exercise
    meditate spend
  `),
);
export const GOAL_VERBS = new Set(list('want need plan hope intend aim wish'));

/** Past-tense verbs of things that happen once. The second list needs a date, a name or a number beside it. */
export const EVENT_VERBS = new Set(
  list(`
    moved bought sold quit joined graduated retired married adopted switched inherited founded became resigned divorced
    relocated emigrated immigrated enrolled proposed
  `),
);
export const WEAK_EVENT_VERBS = new Set(
  list(`
    started began got had went met visited attended finished completed stopped booked ran won lost passed turned broke
    decided received learned built launched changed renovated travelled traveled flew took signed saw played hiked
    registered applied ordered scheduled
  `),
);
export const PAST_STATE_VERBS = new Set(list('lived worked studied grew owned taught served'));

export const GERUNDS = new Set(
  list(`
    learning studying training planning saving working building writing moving living teaching raising preparing developing
    renovating hoping taking dating marrying expecting running trying considering travelling traveling flying visiting
    getting starting recovering growing applying using organizing organising hosting leaving launching changing switching
    reducing avoiding
  `),
);
export const PARTICIPLES = new Set(
  list(`
    been lived worked moved decided bought started stopped quit booked signed switched studied adopted owned had visited
    played used joined
  `),
);

/** Moods and moments: `I'm sorry`, `I'm done` say nothing that lasts. */
export const PASSING = new Set(
  list(`
    sorry sure fine good ok okay happy glad confused wondering curious thinking done back here ready asking aware looking
    stuck lost excited tired bored hungry thirsty grateful thankful worried nervous afraid scared sad angry upset surprised
    impressed interested all just so too very super really pretty quite having getting-an seeing using calling open free
    busy late early not-sure unsure certain convinced thrilled delighted pleased proud ashamed embarrassed overwhelmed
    frustrated annoyed hopeful about on off up down out in at with right wrong able willing unable swamped slammed done-in
    better great well home away online gonna done available one supposed kidding joking serious feeling new fully well over
    under still
  `),
);
/** Of those, the ones that lead on to a place or a time. */
export const PLACE_WORDS = new Set(list('on in at with about up off out over under available open'));
export const ABILITIES = new Set(
  list(`
    eat drink stand swim drive tolerate speak play code program sleep walk see hear afford cook read write type fly ski ride
    digest have
  `),
);

export const WAS = /^(?:born|raised|diagnosed|promoted|hired|accepted|a|an|vegetarian|vegan|married)$/;
export const PLAIN_STATE =
  /^(?:a|an|the|from|allergic|vegetarian|vegan|pescatarian|lactose|gluten\S*|married|single|divorced|retired|\d+)$/;
export const COMPLETE_ALONE = new Set(
  list(`
    smoke drive ski surf row commute garden drink fly cook swim sail hike climb cycle sing dance paint exercise meditate
    volunteer travel
  `),
);
export const HABIT_ADVERBS = new Set(
  list(`
    always never usually often normally typically rarely generally regularly mostly frequently seldom
  `),
);

export const ADVERBS = new Set(
  list(`
    always never usually really also just currently still often sometimes rarely mostly generally typically normally now
    recently absolutely definitely strongly only actually already seldom hardly particularly especially much generally
    greatly truly deeply totally completely even frequently regularly occasionally genuinely honestly simply primarily
    mainly finally kinda personally probably lately originally previously
  `),
);
/** Adverbs that add no meaning to a statement about somebody. */
export const FILLERS = new Set(
  list(`
    just actually really also absolutely definitely truly deeply totally completely even genuinely honestly simply kinda
    personally
  `),
);
export const EMPHASIS = new Set(list('always never absolutely definitely strongly totally really especially completely'));
export const DOUBT = new Set(list('probably maybe perhaps possibly'));

/** What a sentence goes on with after its statement: a request, a question, a remark. */
export const TAIL = pattern('i')`
  ,?\s+(?:so |and |but )?(?:can|could|would|will|do|did|have|are) you\b.*$|,?\s+(?:so |and |but )?(?:how|what|which|where|
  why) (?:can|do|should|could|would|to|is|are)\b.*$|,?\s+(?:and|but) (?:it|that|this|they|he|she|there)(?:'s|
  're| was| is| were| are| has| have| feels?| felt| makes?| made)\b.*$|,?\s+(?:so |and |but )please\b.*$|,\s+(?:please|let's|
  any)\b.*$|,\s+which (?:includes?|is|are)[\s:]*$`;

/** `I want to ask`: a request to the assistant, not a goal of the user's life. */
export const REQUEST_VERBS = new Set(
  list(`
    know ask understand see hear talk check make tell say discuss be confirm clarify thank find figure think look share
    mention point hear get do add know continue start go change use have try decide choose compare review read keep focus
    let know ensure solve fix
  `),
);
export const REQUEST_NOUNS = pattern('i')`
  \b(?:help|advice|suggestions?|recommendations?|ideas?|tips?|information|info|answers?|examples?|questions?|clarification|
  feedback|assistance|explanation|details|guidance|more|hand|favou?r|list)\b`;

/** Heads of `my X is …` that speak of this conversation, not of the user. */
export const PASSING_NOUNS = pattern('i')`
  \b(?:question|questions|point|problem|issue|issues|code|error|errors|understanding|guess|concern|concerns|bad|apologies|idea|
  ideas|fault|mistake|turn|answer|query|request|suggestion|message|function|script|file|output|query|test|tests|build|mind|
  thoughts?|feeling|opinion|take|hope|fear|worry)$`;

export const WE_STARTS = pattern('i')`
  ^we(?:'re| are| have|'ve| live| moved| bought| adopted| want| plan| decided| got| own| rent)\b(?! (?:done|good|ready|here|sure|
  talking|discuss|need to know|to ask))`;

export const SHARED_GOAL = /\b(?:plan|planning|want|saving|hoping|trying|going to|moving)\b/i;

export const REMEMBER = pattern('i')`
  ^(?:please |so |and |also )*(?:remember|note|keep in mind|don't forget|bear in mind|for the record|fyi|for your information|
  just so you know)(?: that)?[,:]?\s+`;

export const DATE = pattern('i')`
  \b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:january|february|march|april|june|july|august|september|october|november|
  december)\b|\b(?:in|on|by|this|next|last|of|since|until) may\b|\bmay \d|\b(?:19|20)\d{2}\b|\b\d{1,2}\/\d{1,2}\b|
  \b\d{1,2}\.\d{1,2}\.(?:\d|\s|$)|\b(?:today|tonight|tomorrow|yesterday)\b|\b(?:this|next|last) (?:week|weekend|month|year|spring|
  summer|autumn|fall|winter)\b|\b(?:ago|christmas|easter|thanksgiving)\b|\b\d{1,2}(?:st|nd|rd|th)\b`;
export const RELATIVE_DATE = pattern('i')`
  \b(?:today|tonight|tomorrow|yesterday|ago)\b|\b(?:this|next|last|coming|past) (?:week|weekend|month|year|spring|summer|autumn|
  fall|winter|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\w+ (?:days|weeks|months))\b|\bin (?:a|an|two|three|four|five|six|
  \d+) (?:days?|weeks?|months?|years?)\b`;
export const HABIT = pattern('i')`
  \b(?:every|daily|weekly|monthly|each|twice|once a|per (?:day|week|month|year)|mornings|evenings|weekends|(?:mon|tues|wednes|
  thurs|fri|satur|sun)days|since|for \d+|for (?:two|three|four|five|ten|many) years|most (?:days|mornings|evenings))\b`;

/** Some of the moods say more with what follows them: `good at chess`, `new to Berlin`. */
export const LASTING_AFTER: Record<string, RegExp> = {
  good: /^at (?!all|the moment)/,
  bad: /^at (?!all|the moment)/,
  great: /^at (?!all|the moment)/,
  afraid: /^of (?!th)/,
  scared: /^of (?!th)/,
  new: /^to (?!th)/,
  on: /^(?:a|an|medication|parental|maternity|sick) /,
  in: /^(?:\p{Lu}|my (?:\w+ties|first|second|third|last)\b)/u,
  interested: /^in (?!it\b|this\b|that\b|knowing\b|hearing\b)/,
  about: /^to (?:move|marry|start|retire|graduate|become)\b/,
};
export const PASSING_OBJECT = pattern('i')`
  ^(?:a |an |the |some |no |enough |much |little |any |another |more )?(?:bit of |few |lot of |couple of )?(?:following|things?|
  stuff|code|headache|cold|fever|minute|moment|second|look|time|doubts?|clue|chance|feeling|hunch|trouble|problems?|issues?|
  questions?|idea|choice|point|thought|list|error|bug)s?\b`;

/** The kind of a statement by its main verb, for verbs in the present tense. */
export function presentKind(verb: string): FactKind | undefined {
  if (PREFERENCE_VERBS.has(verb)) return 'preference';
  if (LASTING_VERBS.has(verb) || GOAL_VERBS.has(verb) || HABIT_VERBS.has(verb)) return 'fact';
  return undefined;
}
