import type { Caller } from '../../caller.ts';
import { MemoryError } from '../../errors.ts';
import type { Transcript } from '../../model-transcripts.ts';
import type { Services } from '../../services.ts';
import { degrade } from '../../telemetry.ts';
import { readLevels, showLevels } from './hierarchy-levels.ts';
import { partsOf } from './hierarchy-scope.ts';

const MOST = 1000; // entries of one level

/** All that a namespace holds of one session, the newest transcript with its text. Errors: session_not_found. */
export async function readNamespaceSession(
  services: Services,
  caller: Caller,
  { namespace, session_id }: { namespace: string; session_id: string },
) {
  const parts = await partsOf(services, caller, { namespace, session_id });
  const levels = await readLevels(services, parts, { levels: ['discrete', 'summary', 'raw'], limit: MOST });
  const newest = levels.transcripts[0]?.record;
  const known = newest || levels.summaries.length > 0 || levels.facts.length > 0 || (await isThere(services, parts, session_id));
  if (!known) throw new MemoryError('session_not_found', `"${namespace}" has no session "${session_id}"`);
  const { discrete_memories, session_summaries, raw_transcripts } = await showLevels(services, levels);
  const [raw] = raw_transcripts;
  return {
    success: true as const,
    session_id,
    vectorstore_name: namespace,
    session_summary: session_summaries[0] ?? null,
    raw_transcript: raw && newest ? { ...raw, session_data: await textOf(services, newest) } : null,
    raw_transcripts,
    discrete_memories,
    memory_count: discrete_memories.length,
    has_raw_data: raw?.has_session_data === true,
    has_summary: session_summaries.length > 0,
  };
}

/** A session that nothing was made of yet. */
async function isThere({ warm }: Services, parts: Awaited<ReturnType<typeof partsOf>>, session_id: string): Promise<boolean> {
  const heads = await Promise.all(parts.map(({ owner }) => warm.sessions.readHead(owner, session_id)));
  return heads.some((head) => head !== undefined);
}

/** The text, or null when it has expired or cannot be read now. */
async function textOf({ cold }: Services, { blob, expired_at }: Transcript): Promise<string | null> {
  if (!cold || expired_at !== null) return null;
  try {
    return (await cold.read(blob)) ?? null;
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    degrade('blob');
    return null;
  }
}
