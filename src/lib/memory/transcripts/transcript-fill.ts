import type { SessionHead } from '../../model.ts';
import type { Transcript } from '../../model-transcripts.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import type { JobHandle } from '../jobs/job-handle.ts';
import { openSessionOf } from '../sessions/open.ts';
import { changeHead } from '../sessions/sessions.ts';
import { storeMessages } from '../sessions/turns.ts';
import { sessionNotFound } from '../sessions/view.ts';
import type { TranscriptMessage } from './transcript-parse.ts';

const MOST_MESSAGES = 50; // of one store …
const MOST_BYTES = 900_000; // … and half of what a Cosmos batch takes
const NOTE_EVERY = 10; // stores between two checkpoints: those after the last are done over, which changes nothing

interface FillAsk {
  handle: JobHandle;
  record: Transcript;
  messages: TranscriptMessage[];
}

/**
 * Stores a transcript's messages into its session, from where an earlier delivery stopped, under ids that follow from the transcript:
 * stored again they are the same messages. None when the session has turns of its own, or another transcript's.
 */
export async function fillSession(
  services: Services,
  owner: Owner,
  { handle, record, messages }: FillAsk,
): Promise<{ stored: number; more: boolean }> {
  const epoch = await claimSession(services, owner, record);
  if (epoch === undefined) return { stored: 0, more: false };
  let stored = Number(handle.job.result?.stored ?? 0);
  let stores = 0;
  for (const { from, to } of chunksOf(messages)) {
    if (to <= stored) continue;
    await storeMessages(services, {
      owner,
      request: requestOf(record, messages, { from, to }),
      filling: { epoch, ...idsOf(record, { from, to }) },
    });
    stored = to;
    const stops = handle.timeUp();
    if (stops || ++stores % NOTE_EVERY === 0) await handle.checkpoint({ stored });
    if (stops) return { stored, more: true };
  }
  await handle.checkpoint({ stored });
  return { stored, more: false };
}

/** The epoch that this transcript may fill: an empty one that it was the first to claim. */
async function claimSession(
  services: Services,
  owner: Owner,
  { session_id, raw_memory_id, created_at }: Transcript,
): Promise<number | undefined> {
  const isOurs = ({ transcript, epoch }: SessionHead) => transcript?.raw_memory_id === raw_memory_id && transcript.epoch === epoch;
  const isFree = ({ transcript, epoch, epoch_seq, last_seq }: SessionHead) => last_seq === epoch_seq && transcript?.epoch !== epoch;
  await openSessionOf(services, owner, { session: session_id, started_at: created_at });
  const head = await changeHead(services, { owner, session_id }, async ({ value }) =>
    isFree(value) ? { transcript: { raw_memory_id, epoch: value.epoch } } : undefined,
  );
  if (!isOurs(head)) return undefined;
  // Whoever deletes the session deletes its transcripts first: one that is still there now sees its session's epoch move.
  if (!(await services.warm.transcripts.read(owner, raw_memory_id))) throw sessionNotFound(session_id, owner);
  return head.epoch;
}

interface Chunk {
  /** Of the messages; `to` is the first that is not in it. */
  from: number;
  to: number;
}

/** Messages that are stored together: a turn is cut only where it is longer than a chunk. */
export function* chunksOf(messages: TranscriptMessage[]): Generator<Chunk> {
  for (let from = 0; from < messages.length; ) {
    const most = fitting(messages, from);
    let to = most;
    while (to < messages.length && to > from + 1 && messages[to]?.role !== 'user') to--;
    if (to === from + 1 && most > to && messages[to]?.role !== 'user') to = most;
    yield { from, to };
    from = to;
  }
}

function fitting(messages: TranscriptMessage[], from: number): number {
  let bytes = 0;
  let to = from;
  for (; to < messages.length && to - from < MOST_MESSAGES; to++) {
    bytes += 1000 + 6 * (messages[to]?.content.length ?? 0); // the most that JSON makes of a character
    if (to > from && bytes > MOST_BYTES) break;
  }
  return to;
}

/** Ids that follow from the transcript. The chunk's own turn is marked, so that the chunk stored again is recognised. */
function idsOf({ raw_memory_id }: Transcript, { from, to }: Chunk) {
  const messageIds = Array.from({ length: to - from }, (_, i) => `${raw_memory_id}.${from + i + 1}`);
  return { turnId: `${raw_memory_id}.${from + 1}`, messageIds };
}

function requestOf({ raw_memory_id, session_id, created_at }: Transcript, messages: TranscriptMessage[], { from, to }: Chunk) {
  const lastTime = messages.slice(0, from).findLast((message) => message.created_at !== undefined)?.created_at;
  let at = lastTime ?? created_at;
  return {
    user_id: undefined,
    session_id,
    context_id: undefined,
    metadata: undefined,
    // A chunk that begins in the middle of a turn must not open one.
    turn_id: messages[from]?.role === 'user' || from === 0 ? `${raw_memory_id}.${from + 1}` : undefined,
    messages: messages.slice(from, to).map((message) => {
      const { role, content, name, first_line, last_line } = message;
      at = message.created_at ?? at;
      return { role, content, ...(name && { name }), created_at: at, metadata: { raw_memory_id, first_line, last_line } };
    }),
  };
}
