import { sentencesOf } from '../../llm/sentences.ts';
import type { Message } from '../../model.ts';
import type { Fact, Forgotten, Insight, Source, Summary } from '../../model-memory.ts';
import { createMemoryOf, shareMessages } from './forgotten.ts';
import { covers, createHasher, hashStatement, hear } from './hashed-statement.ts';

/** A message that a job reads, and when it reached the service. */
export interface Heard {
  message: Message;
  stored_at: string;
}

interface Step {
  session_id: string;
  heard: Heard[];
  /** The summary that the job goes on from. */
  previous: string;
}

/** What a step learned, without what was forgotten; `again` names what the user said anew, which is not forgotten any more. */
export interface Unlearned {
  summaries: Summary[];
  facts: Fact[];
  insights: Insight[];
  again: Forgotten[];
}

/**
 * Keeps a job that reads old messages from learning again what was forgotten. What a model reads of messages that were said before the
 * forgetting is without it, and so is what it writes; what the user says anew afterwards may be learned. Pure.
 */
export function createUnlearning(forgotten: Forgotten[], { session_id, heard, previous }: Step) {
  const memory = createMemoryOf(forgotten);
  const pending = forgotten.filter((one) => one.removed_at === null);
  const here = (one: Forgotten) => one.sources.some((source) => source.session_id === session_id);
  const before = (one: Forgotten, of: Heard) => isBefore(one, { session_id, ...of });
  const saidInAny = (text: string) =>
    forgotten.length === 0 ? [] : sentencesOf(text).flatMap((sentence) => memory.saidIn(sentence, 'text'));
  const clean = memory.without(previous, { only: pending });
  // What is written after a forgetting was without it when it was written: what such a text says now was said again.
  const saidAgain = new Set([
    ...saidInAny(clean).filter((one) => one.removed_at !== null),
    ...heard
      .filter(({ message }) => message.role === 'user')
      .flatMap((one) => saidInAny(one.message.content).filter((gone) => !before(gone, one))),
  ]);
  const active = forgotten.filter((one) => !saidAgain.has(one));

  function fact(learned: Fact): { fact: Fact; again: Forgotten[] } | undefined {
    const known = memory.knownAs(learned);
    if (known.length === 0) return { fact: learned, again: [] };
    const cited = heard.filter(({ message }) => learned.sources.some((source) => source.seqs.includes(message.seq)));
    const fresh = cited.filter((one) => known.every((gone) => !before(gone, one)));
    if (!fresh.some(({ message }) => message.role === 'user' && mentions(message.content, learned.text))) return undefined;
    const messages = fresh.map(({ message }) => message);
    const source: Source = { session_id, message_ids: messages.map((m) => m.message_id), seqs: messages.map((m) => m.seq) };
    const valid_from = messages[0]?.created_at ?? learned.valid_from;
    return { fact: { ...learned, sources: [source], valid_from }, again: known };
  }

  return {
    /** A message as a model may read it. */
    contentOf(of: Heard): string {
      const only = forgotten.filter((one) => before(one, of));
      // An answer that has its names speaks of it; what the user says with the same names may be something else.
      const names = of.message.role === 'user' ? [] : only.filter(here);
      return only.length === 0 ? of.message.content : memory.without(of.message.content, { only, names });
    },
    previous: clean,
    /** What a model wrote, without what was forgotten. */
    text: (written: string): string => memory.without(written, { only: active }),

    learned({ summaries, facts, insights }: Pick<Unlearned, 'summaries' | 'facts' | 'insights'>): Unlearned {
      if (forgotten.length === 0) return { summaries, facts, insights, again: [] };
      const kept = facts.flatMap((one) => fact(one) ?? []);
      const standing = kept.map((one) => one.fact);
      return {
        summaries: summaries.map((summary) => {
          const text = memory.without(summary.text, { only: active });
          return { ...summary, text, topics: memory.topicsWithout(summary.topics, { only: active, text }) };
        }),
        facts: standing,
        insights: insights.flatMap((insight) => {
          const text = memory.without(insight.text, { only: active });
          const rests = active.some((one) => shareMessages(one.sources, insight.sources));
          return text === '' || (rests && !isExplained({ ...insight, text }, standing)) ? [] : [{ ...insight, text }];
        }),
        again: [...new Set(kept.flatMap((one) => one.again))].filter((one) => one.removed_at !== null),
      };
    },
  };
}
export type Unlearning = ReturnType<typeof createUnlearning>;

/** Said before the forgetting, or handed in before it; or one of the very messages that it was said in. */
function isBefore(gone: Forgotten, { session_id, message, stored_at }: Heard & { session_id: string }): boolean {
  if (message.created_at <= gone.forgotten_at || stored_at <= gone.forgotten_at) return true;
  return gone.sources.some((source) => source.session_id === session_id && source.seqs.includes(message.seq));
}

/** Does a message have half of what a fact says? A model may cite what it never read. */
function mentions(content: string, text: string): boolean {
  const plain = createHasher('');
  const { stems, ...fact } = hashStatement(text, plain);
  const heard = hear(content, plain);
  return covers(heard, { ...fact, stems }) || stems.filter((stem) => heard.anyStems.has(stem)).length >= stems.length / 2;
}

/** Is there a fact, standing on one of the same messages, that an insight has words of? */
export function isExplained(insight: Pick<Insight, 'text' | 'sources'>, standing: Pick<Fact, 'text' | 'sources'>[]): boolean {
  const plain = createHasher('');
  const { anyStems } = hear(insight.text, plain);
  return standing.some(
    (fact) => shareMessages(fact.sources, insight.sources) && hashStatement(fact.text, plain).stems.some((stem) => anyStems.has(stem)),
  );
}
