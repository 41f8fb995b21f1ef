import { statementOf } from './overlap.ts';
import { pattern } from './pattern.ts';

/** What only one statement about a user can fill at a time, and how a text shows that it fills it. */
const SLOTS: [string, RegExp][] = [
  ['name', /^User's (?:full |first )?name is |^User is called |^Der Nutzer heißt /],
  [
    'home',
    pattern('')`
      ^User (?:now |currently )?(?:lives in|moved to|relocated to|is moving to|no longer lives in) |
      ^Der Nutzer (?:wohnt|lebt) (?:jetzt )?in |
      ^Der Nutzer (?:ist|zog) (?:.* )?nach .*gezogen|
      ^Der Nutzer zog nach `,
  ],
  [
    'employer',
    pattern('')`
      ^User (?:now |currently )?(?:works|no longer works) (?:at|for) |
      ^Der Nutzer arbeitet (?:jetzt )?(?:bei|für) `,
  ],
  ['job', /^User (?:now |currently )?works as |^Der Nutzer arbeitet (?:jetzt )?als /],
  ['age', /^User is \d+(?: years old)?|^Der Nutzer ist \d+ (?:Jahre )?/],
  [
    'diet',
    pattern('')`
      ^User (?:is|became) (?:not |no longer )?(?:a |an )?(?:strict )?(?:vegetarian|vegan|pescatarian|omnivore)|
      ^User eats (?:meat|everything)|
      ^Der Nutzer ist (?:kein\w* |nicht )?(?:mehr )?(?:Vegetarier|Veganer|vegan|vegetarisch)`,
  ],
  [
    'partner',
    pattern('')`
      ^User (?:is|got) (?:not |no longer )?(?:married|single|divorced|engaged|widowed)|
      ^Der Nutzer ist (?:nicht )?(?:verheiratet|ledig|geschieden|verlobt|Single)`,
  ],
  ['address', /^User wants to be called /],
];

const FAVOURITE = /^User's favou?rite ([\p{L} ]{2,40}) (?:is|are) |^Die Lieblings(\p{L}+) des Nutzers /iu;
const TASTE = pattern('i')`
  ^User (?:no longer |does not |usually |always |still |strongly )*(?:likes?|loves?|prefers?|hates?|dislikes?|enjoys?|avoids?|
  detests?|adores?) (.+)$|^Der Nutzer (?:mag|liebt|hasst|meidet|genießt|bevorzugt) (?:nicht |keine?[nr]? )*(.+)$`;

/**
 * The slot a statement fills, or nothing. Two statements of one slot contradict each other or repeat each other: the newer one holds.
 * A taste fills the slot of its object, so that a new dislike replaces the old liking of the same thing.
 */
export function slotOf(statement: string): string | undefined {
  const text = statement.replace(/^The user\b/, 'User');
  for (const [slot, pattern] of SLOTS) if (pattern.test(text)) return slot;
  const favourite = FAVOURITE.exec(text);
  if (favourite) return `favourite ${(favourite[1] ?? favourite[2] ?? '').toLowerCase()}`;
  const taste = TASTE.exec(text);
  if (!taste) return undefined;
  const object = [...statementOf(taste[1] ?? taste[2] ?? '').stems].sort().join(' ');
  return object === '' ? undefined : `taste ${object}`;
}
