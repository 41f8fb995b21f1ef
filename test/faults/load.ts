import { readContext } from '../../src/lib/memory/context/context.ts';
import { appendToField } from '../../src/lib/memory/fields/field-changes.ts';
import { listFields } from '../../src/lib/memory/fields/fields.ts';
import { addMessage, listMessages } from '../../src/lib/memory/sessions/messages.ts';
import { readBuffer } from '../../src/lib/memory/sessions/session-buffer.ts';
import { storeMessages } from '../../src/lib/memory/sessions/turns.ts';
import { ContextRequest, StoreRequest } from '../../src/lib/requests.ts';
import { MessageRequest } from '../../src/lib/requests-session.ts';
import type { Services } from '../../src/lib/services.ts';
import { UNCONDITIONAL } from '../../src/lib/tiers/hot-fields.ts';
import type { Json } from '../support/api.ts';
import { ownerIs, TENANT } from '../support/talk.ts';
import { createHistory } from './history.ts';
import type { Answered, World } from './world.ts';

export type Kind = 'store' | 'read' | 'field';

/** One answer that the load got, and the phase in which it was asked for and answered; undefined when that changed meanwhile. */
export interface Seen extends Answered {
  kind: Kind;
  phase: string | undefined;
}
export type Load = ReturnType<typeof startLoad>;
type Who = { user_id: string; session_id: string };

const routes = {
  store: (who: Who, { n, text }: { n: number; text: string }) => {
    const request = StoreRequest.parse({ ...who, user_message: text, agent_message: 'Noted.', turn_id: `turn-${n}` });
    return (services: Services) => storeMessages(services, { owner: ownerIs(who), request });
  },
  message: (who: Who, { n, text }: { n: number; text: string }) => {
    const { message } = MessageRequest.parse({ role: 'user', content: text, message_id: `message-${n}` });
    return (services: Services) => addMessage(services, { owner: ownerIs(who), session_id: who.session_id, message });
  },
  context: (who: Who, more: object) => (services: Services) =>
    readContext(services, ownerIs(who), ContextRequest.parse({ ...who, max_tokens: 100_000, ...more })),
  buffer: (who: Who) => (services: Services) => readBuffer(services, ownerIs(who), who.session_id),
  messages: (who: Who) => (services: Services) =>
    listMessages(services, ownerIs(who), { session_id: who.session_id, limit: 1000, before: undefined, epoch: 'current' }),
  append:
    ({ session_id }: Who, n: number) =>
    async (services: Services) => {
      const at = { tenant: TENANT, session_id, who: '', name: 'log', condition: UNCONDITIONAL };
      return (await appendToField(services, { ...at, replay: `append-${n}`, body: `${n}` }, { value: n })).answer;
    },
  fields:
    ({ session_id }: Who) =>
    (services: Services) =>
      listFields(services, { tenant: TENANT, session_id, who: '' }),
};

const saidBy = (messages: Json[]): string[] => messages.filter((m) => m.role === 'user').map((m) => m.content);
const TEXTS: Record<'context' | 'buffer' | 'messages', (body: Json) => string[]> = {
  context: (body) => body.active_context.map((turn: Json) => turn.user_message),
  buffer: (body) => saidBy(body.buffer_messages),
  messages: (body) => saidBy(body.messages),
};

/**
 * Writers and readers of a few sessions, each at home on one instance and read from the other too, that check every answer against
 * what was acknowledged. At home a reader is promised its own writes; elsewhere it asks for them with at_least_seq, as the client
 * does, or takes what it gets.
 */
export function startLoad(world: World, { sessions = 2 }: { sessions?: number } = {}) {
  const seen: Seen[] = [];
  let phase = 'before';
  let asked = 0;
  const waiting: { count: number; done: () => void }[] = [];
  const all = Array.from({ length: sessions }, (_, i) => {
    const who = { user_id: `u-${i}`, session_id: `s-${i}` };
    return { who, home: i % 2, history: createHistory(who.session_id), seq: 0 };
  });
  type Session = (typeof all)[number];

  async function ask(kind: Kind, index: number, run: (services: Services) => Promise<unknown>): Promise<Answered> {
    const before = phase;
    asked++;
    for (const { count, done } of waiting) if (asked >= count) done();
    const answered = await world.ask(index, run);
    seen.push({ ...answered, kind, phase: before === phase ? phase : undefined });
    return answered;
  }

  async function write({ who, home, history }: Session, session: Session): Promise<void> {
    const n = history.next();
    const route = n % 2 === 0 ? routes.store : routes.message;
    const answered = await ask('store', home, route(who, { n, text: history.text(n) }));
    history.told(answered);
    if (answered.status === 200 && answered.body.seq) session.seq = answered.body.seq;
  }

  async function look({ who, history }: Session, index: number, { route, more = {}, lagging }: Look): Promise<void> {
    const before = history.ask();
    const { status, body, ...rest } = await ask('read', index, routes[route](who, more));
    const where = `${route} of instance ${index} while ${phase}, degraded: ${body.degraded}`;
    if (status === 200) history.shown(TEXTS[route](body), before, { lagging, where });
    else if (before.stored > 0) history.refused({ status, body, ...rest });
  }

  async function append({ who, home, history }: Session): Promise<void> {
    const before = history.ask();
    history.toldField(await ask('field', home, routes.append(who, history.nextField())), before);
  }

  async function lookAtFields({ who, home, history }: Session): Promise<void> {
    const before = history.ask();
    const answered = await ask('field', 1 - home, routes.fields(who));
    if (answered.status === 200) history.shownFields(answered.body.fields.log ?? [], before);
    else history.refused(answered);
  }

  const loops = all.flatMap((session) => [
    () => write(session, session),
    () => append(session),
    () => lookAtFields(session),
    ...(['context', 'buffer', 'messages'] as const).map((route) => () => look(session, session.home, { route })),
    () => look(session, 1 - session.home, { route: 'context', more: { at_least_seq: session.seq } }),
    () => look(session, 1 - session.home, { route: 'context', lagging: true }),
  ]);

  /** Whether a context, read again at once, costs no call to Cosmos DB. */
  async function isHot({ who }: Session, index: number): Promise<boolean> {
    const before = world.cosmos.calls.all.length;
    await world.ask(index, routes.context(who, {}));
    return world.cosmos.calls.all.length === before;
  }

  return {
    seen,
    histories: all.map(({ history }) => history),
    problems: (): string[] => all.flatMap(({ history }) => history.problems),

    /** Every writer and reader asks so many times more, all at once. */
    async rounds(count: number): Promise<void> {
      const times = async (loop: () => Promise<void>) => {
        for (let i = 0; i < count; i++) await loop();
      };
      await Promise.all(loops.map(times));
    },

    /** Resolves when so many further questions have been asked. */
    questions: (count: number) => new Promise<void>((done) => waiting.push({ count: asked + count, done })),

    enter(next: string): void {
      phase = next;
    },
    during: (name: string, kind: Kind): Seen[] => seen.filter((one) => one.phase === name && one.kind === kind),

    /** Everything that was acknowledged, in every context, buffer and list, once, wherever it is read. */
    async checkAll(): Promise<void> {
      for (const session of all) {
        session.history.settled();
        for (const index of [0, 1]) {
          for (const route of ['context', 'buffer', 'messages'] as const) await look(session, index, { route });
        }
        await lookAtFields(session);
      }
    },

    /** Whether every session is answered from its copy again, on every instance. */
    async areHot(): Promise<boolean> {
      for (const session of all) for (const index of [0, 1]) if (!(await isHot(session, index))) return false;
      return true;
    },
  };
}

interface Look {
  route: 'context' | 'buffer' | 'messages';
  more?: object;
  lagging?: boolean;
}
