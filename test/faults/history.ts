import type { Answered } from './world.ts';

/** What the callers of one session know of it, and what must hold for every answer they get. */
export type History = ReturnType<typeof createHistory>;

interface Ask {
  /** Messages, and fields, that were acknowledged when the question was asked. */
  stored: number;
  fields: number;
  wipes: number;
}

/**
 * One writer numbers what it says and says it again, under the same ids, until it is acknowledged; so whatever is shown of the session
 * must be the numbers from 0 on without gap, double or stranger, and reach as far as what was acknowledged before the question.
 */
export function createHistory(session_id: string) {
  const problems: string[] = [];
  let stored = 0;
  let acknowledged = 0;
  let wipes = 0;
  let fieldsStored = 0;
  let fieldsAcknowledged = 0;
  const fault = (what: string) => void problems.push(`${session_id}: ${what}`);

  return {
    session_id,
    problems,
    text: (n: number) => `${session_id} says #${n}`,
    /** The number that is to be said, or appended, next. */
    next: () => acknowledged,
    nextField: () => fieldsAcknowledged,

    ask: (): Ask => ({ stored, fields: fieldsStored, wipes }),

    /** A store was answered: it is acknowledged, or it may be said again. */
    told({ status, body, retryAfter }: Answered): void {
      if (status === 200) acknowledged++;
      if (status === 200 && body.durability === 'stored') stored = acknowledged;
      if (status === 200 && body.durability === 'queued' && body.seq !== null) fault(`a queued store has seq ${body.seq}`);
      if (status !== 200) refused({ status, body, retryAfter });
    },

    toldField(answer: Answered, { wipes: before }: Ask): void {
      if (answer.status !== 200) refused(answer);
      else fieldsAcknowledged++;
      if (answer.status === 200 && before === wipes) fieldsStored = fieldsAcknowledged;
    },

    /** Texts that were shown, oldest first; `lagging` where nothing promises that they are the latest. */
    shown(texts: string[], asked: Ask, { lagging = false, where }: { lagging?: boolean; where: string }): void {
      const wrong = texts.findIndex((text, n) => text !== `${session_id} says #${n}`);
      if (wrong >= 0) fault(`${where}: the text at ${wrong} is "${texts[wrong]}"`);
      if (texts.length > acknowledged + 1) fault(`${where}: ${texts.length} texts where ${acknowledged} were acknowledged`);
      if (!lagging && texts.length < asked.stored) fault(`${where}: ${texts.length} texts where ${asked.stored} had been acknowledged`);
    },

    /** The list that the appends grew; a wipe takes it away as a whole. */
    shownFields(numbers: number[], asked: Ask): void {
      const [first = fieldsAcknowledged] = numbers;
      if (wipes === 0 && numbers.length > 0 && first !== 0) fault(`the field begins with ${first}`);
      if (numbers.some((number, i) => number !== first + i)) fault(`the field holds ${numbers}`);
      const reached = numbers.length === 0 ? 0 : first + numbers.length;
      const promised = asked.wipes === wipes ? asked.fields : 0;
      if (reached < promised) fault(`the field reaches ${reached} where ${promised} had been acknowledged`);
    },

    refused,

    /** Everything that was acknowledged is where it belongs: from here on it must be shown. */
    settled(): void {
      stored = acknowledged;
    },

    /** Redis lost all it had: what was acknowledged of fields before is gone. */
    wiped(): void {
      wipes++;
      fieldsStored = 0;
    },
  };

  /** Whatever is refused says that it is for now, and when to come back. */
  function refused({ status, body, retryAfter }: Answered): void {
    const isForNow = status === 503 && (body.code === 'tier_unavailable' || body.code === 'session_busy');
    if (!isForNow || !/^[1-9]\d*$/.test(retryAfter ?? '')) fault(`refused with ${status} ${body.code}, Retry-After ${retryAfter}`);
  }
}
