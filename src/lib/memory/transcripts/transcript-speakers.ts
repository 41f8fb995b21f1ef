import type { Role } from '../../model.ts';

/** A speaker's label as it stands at the start of a line, and how sure that is. */
export interface Label {
  label: string;
  /** In bold, or after a time: nobody writes that by chance. */
  marked: boolean;
}

const USER = words(`user human customer client caller visitor guest buyer shopper patient student member me
  nutzer nutzerin benutzer benutzerin kunde kundin mensch anrufer anruferin ich`);
const ASSISTANT = words(`assistant ai agent bot chatbot support chatgpt gpt claude copilot gemini llm model operator representative rep
  advisor helpdesk assistent assistentin agentin berater beraterin kundenservice kundendienst mitarbeiter mitarbeiterin`);
const OTHERS = new Map<string, Role>([
  ['system', 'system'],
  ['tool', 'tool'],
  ['function', 'tool'],
]);
/** What stands before a colon without being anybody. */
const NOBODY = words(`note notes notice example examples step steps warning error todo ps subject date time from to re cc fwd summary tip
  tips important question questions answer answers total price result results output input reason goal goals pros cons option options
  update edit source sources link links ingredients address phone email order hint info topic http https file
  hinweis beispiel schritt warnung fehler betreff datum zeit von an zusammenfassung tipp wichtig frage antwort summe preis ergebnis`);

function words(list: string): Set<string> {
  return new Set(list.split(/\s+/));
}

/** The role that a label names by itself: `User`, `AI Assistant`, `Support Agent Mia`, `Customer 2`. */
export function knownRole(label: string): Role | undefined {
  const parts = label
    .toLowerCase()
    .split(/[^\p{L}\p{M}]+/u)
    .filter(Boolean);
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  const own = OTHERS.get(first);
  if (own && parts.length === 1) return own;
  if (ASSISTANT.has(last) || (ASSISTANT.has(first) && first !== 'model')) return 'assistant';
  return USER.has(last) || (USER.has(first) && first !== 'me' && first !== 'ich') ? 'user' : undefined;
}

/** A label that names its speaker and not only the role: `Agent Mia`, `Ada`. */
export function nameOf(label: string): string | undefined {
  const parts = label
    .toLowerCase()
    .split(/[^\p{L}\p{M}]+/u)
    .filter(Boolean);
  return parts.every((part) => USER.has(part) || ASSISTANT.has(part) || OTHERS.has(part)) ? undefined : label;
}

/**
 * Who speaks in a text, by its labels in their order. Labels of known roles always count; others when they look like a name and the
 * text looks like a dialogue: marked, or repeated beside known roles, or, where there are none, from the very first line on. Of the
 * unknown, the one who is called like the user is the user; else the first who speaks, unless the user speaks under a known role.
 */
export function castOf(labels: Label[], { opens, user }: { opens: boolean; user?: string }): Map<string, Role> {
  const seen = new Map<string, { count: number; marked: boolean }>();
  for (const { label, marked } of labels) {
    const before = seen.get(label);
    seen.set(label, { count: (before?.count ?? 0) + 1, marked: marked || before?.marked === true });
  }
  const cast = new Map<string, Role>();
  for (const label of seen.keys()) {
    const role = knownRole(label);
    if (role) cast.set(label, role);
  }
  const anyKnown = cast.size > 0;
  const repeated = [...seen].filter(([label, { count }]) => count > 1 && looksLikeName(label)).length;
  const isDialogue = opens || repeated > 1;
  const strangers = [...seen].filter(([label, { count, marked }]) => {
    if (cast.has(label) || !looksLikeName(label)) return false;
    return marked || (anyKnown ? count > 1 : isDialogue);
  });
  const names = strangers.map(([label]) => label);
  const called = names.find((name) => name.toLowerCase() === user?.toLowerCase());
  const spoken = [...cast.values()].includes('user');
  const chosen = called ?? (spoken ? undefined : names[0]);
  for (const name of names) cast.set(name, name === chosen ? 'user' : 'assistant');
  return cast;
}

function looksLikeName(label: string): boolean {
  const parts = label.split(/\s+/);
  if (parts.length > 4 || NOBODY.has(label.toLowerCase()) || NOBODY.has(parts[0]?.toLowerCase() ?? '')) return false;
  return /^[\p{Lu}\p{Lo}]/u.test(label) || (parts.length === 1 && /^\p{Ll}[\p{L}\p{N}._-]*$/u.test(label));
}
