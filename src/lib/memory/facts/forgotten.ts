import { randomBytes } from 'node:crypto';
import { MemoryError } from '../../errors.ts';
import type { UserRecord } from '../../model.ts';
import type { Fact, Forgotten, HashedStatement } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import { forgottenId, type Owner } from '../../tiers/keys.ts';
import { statementsIn } from '../context/closed-facts.ts';
import { sameness } from '../context/context-text.ts';
import {
  anyStems,
  covers,
  createHasher,
  type HeardStatement,
  hashStatement,
  hear,
  isNear,
  isSame,
  mayBeSaid,
  namesIt,
} from './hashed-statement.ts';
import { withoutSaid } from './without-said.ts';

const SALT_BYTES = 16;

/** Others changed a user's memory whenever this tried to. */
export const busy = (): MemoryError =>
  new MemoryError('session_busy', 'the memory of this user had other writers all the time', { retryAfterSeconds: 1 });

/** What a user has forgotten. Users who never did, and those without a record, cost no question. */
export async function readForgotten({ warm }: Services, owner: Owner, user: UserRecord | undefined): Promise<Forgotten[]> {
  return user?.forget_rev === undefined ? [] : warm.forgotten.list(owner);
}

/** Every wording that a fact has or had, each also as it would be told of the user. */
export function wordingsOf({ text, history = [] }: Pick<Fact, 'text' | 'history'>): string[] {
  return [...new Set([text, ...history.map((version) => version.text)].flatMap((wording) => [wording, ...statementsIn(wording)]))];
}

/** What is left of facts that are to be forgotten: where they were said, and hashes of their words. */
export function buried(facts: Fact[], { at, known }: { at: string; known: Forgotten[] }): Forgotten[] {
  const salt = known[0]?.salt ?? randomBytes(SALT_BYTES).toString('base64url');
  const hash = createHasher(salt);
  return facts.map((fact) => ({
    id: forgottenId(fact.fact_id),
    pk: fact.pk,
    kind: 'forgotten',
    schema_version: 1,
    fact_id: fact.fact_id,
    salt,
    statements: wordingsOf(fact).map((wording) => hashStatement(wording, hash)),
    sources: fact.sources,
    forgotten_at: at,
    removed_at: null,
  }));
}

/** How much of a forgotten statement counts as saying it: a statement of its own, a text about it, a text that has its names. */
type By = 'statement' | 'text' | 'names';
const TESTS: Record<By, (heard: HeardStatement, gone: HashedStatement) => boolean> = {
  statement: isSame,
  text: (heard, gone) => isSame(heard, gone) || covers(heard, gone),
  names: (heard, gone) => isSame(heard, gone) || covers(heard, gone) || namesIt(heard, gone),
};

/** Knows again what was forgotten. */
export function createMemoryOf(forgotten: Forgotten[]) {
  const salted = [...Map.groupBy(forgotten, ({ salt }) => salt)].map(([salt, entries]) => ({
    hash: createHasher(salt),
    entries,
  }));

  /** Those that a text may say, by its words alone. */
  function maySay(text: string, { only = forgotten, byName }: { only?: Forgotten[]; byName: boolean }) {
    const asked = new Set(only);
    return salted.flatMap(({ hash, entries }) => {
      const stems = anyStems(text, hash);
      const may = entries.filter((entry) => entry.statements.some((gone) => mayBeSaid(stems, gone, { byName })) && asked.has(entry));
      return may.length > 0 ? [{ hash, may }] : [];
    });
  }

  /** Which of the forgotten ones a piece of text says. */
  function saidIn(piece: string, by: By): Forgotten[] {
    return maySay(piece, { byName: by === 'names' }).flatMap(({ hash, may }) => {
      const readings = new Set([piece, ...statementsIn(piece), ...statementsIn(`Assistant: ${piece}`)]);
      const heard = [...readings].map((reading) => hear(reading, hash));
      return may.filter(({ statements }) => statements.some((gone) => heard.some((one) => TESTS[by](one, gone))));
    });
  }
  return {
    saidIn,

    /** Those of the forgotten ones that a fact says, or that it is about and shares a message with. */
    knownAs({ text, sources }: Pick<Fact, 'text' | 'sources'>): Forgotten[] {
      const same = new Set(saidIn(text, 'statement'));
      return salted.flatMap(({ hash, entries }) => {
        const heard = hear(text, hash);
        const near = ({ statements }: Forgotten) => statements.some((gone) => isNear(heard, gone));
        return entries.filter((entry) => same.has(entry) || (shareMessages(entry.sources, sources) && near(entry)));
      });
    },

    /** A text without what says one of these; `names` also without what has their names. */
    without(text: string, { only = forgotten, names = [] }: { only?: Forgotten[]; names?: Forgotten[] } = {}): string {
      const may = only.length + names.length > 0 && maySay(text, { only: [...only, ...names], byName: names.length > 0 }).length > 0;
      if (!may) return text;
      return withoutSaid(text, (piece) => {
        const said = saidIn(piece, 'text').some((one) => only.includes(one));
        return said || (names.length > 0 && saidIn(piece, 'names').some((one) => names.includes(one)));
      });
    },

    /** Topics without those that are nothing but words of these and that the text does not have any more. */
    topicsWithout(topics: string[], { only, text }: { only: Forgotten[]; text: string }): string[] {
      const has = sameness(text);
      return topics.filter((topic) => has.includes(sameness(topic)) || !isOneOf(topic, only));
    },
  };

  function isOneOf(topic: string, only: Forgotten[]): boolean {
    return salted.some(({ hash, entries }) => {
      const { stems } = hear(topic, hash);
      const about = entries.filter((entry) => only.includes(entry)).flatMap(({ statements }) => statements);
      return stems.length > 0 && about.some((gone) => stems.every((stem) => gone.stems.includes(stem)));
    });
  }
}
export type MemoryOf = ReturnType<typeof createMemoryOf>;

/** What a round of removing goes by. */
export interface Removal {
  owner: Owner;
  pending: Forgotten[];
  memory: MemoryOf;
}

/** The messages that sources name. */
export const messagesOf = (sources: Fact['sources']): Set<string> =>
  new Set(sources.flatMap(({ session_id, seqs }) => seqs.map((seq) => `${session_id}|${seq}`)));

/** Do two lists of sources have a message in common? */
export function shareMessages(left: Fact['sources'], right: Fact['sources']): boolean {
  const there = messagesOf(left);
  return [...messagesOf(right)].some((message) => there.has(message));
}
