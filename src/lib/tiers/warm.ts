import type { CosmosGate } from './cosmos-gate.ts';
import { createWarmDirectory } from './warm-directory.ts';
import { createWarmFacts } from './warm-facts.ts';
import { createWarmForget } from './warm-forget.ts';
import { createWarmForgotten } from './warm-forgotten.ts';
import { createWarmHierarchy } from './warm-hierarchy.ts';
import { createWarmMemory } from './warm-memory.ts';
import { createWarmOps } from './warm-ops.ts';
import { createWarmProcessing } from './warm-processing.ts';
import { createWarmRetention } from './warm-retention.ts';
import { createWarmSearch } from './warm-search.ts';
import { createWarmSessions } from './warm-sessions.ts';
import { createWarmState } from './warm-state.ts';
import { createWarmSummaries } from './warm-summaries.ts';
import { createWarmTranscripts } from './warm-transcripts.ts';
import { createWarmUsage } from './warm-usage.ts';
import { createWarmVectors } from './warm-vectors.ts';

/** Everything that is read and written in Cosmos DB, one part a noun. */
export const createWarm = (gate: CosmosGate) => ({
  directory: createWarmDirectory(gate),
  sessions: createWarmSessions(gate),
  memory: createWarmMemory(gate),
  summaries: createWarmSummaries(gate),
  state: createWarmState(gate),
  forget: createWarmForget(gate),
  facts: createWarmFacts(gate),
  forgotten: createWarmForgotten(gate),
  ops: createWarmOps(gate),
  retention: createWarmRetention(gate),
  search: createWarmSearch(gate),
  transcripts: createWarmTranscripts(gate),
  hierarchy: createWarmHierarchy(gate),
  processing: createWarmProcessing(gate),
  usage: createWarmUsage(gate),
  vectors: createWarmVectors(gate),
});
export type Warm = ReturnType<typeof createWarm>;
