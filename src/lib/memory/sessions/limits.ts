import type { SessionConfig } from '../../model.ts';
import type { Limits } from '../../model-answers-session.ts';
import type { BufferLimits } from '../reflection/chunk.ts';

/** What the settings say and a session may have otherwise. */
export interface SessionLimits extends BufferLimits {
  reflectionThresholdTurns: number;
}

/** The limits of a session: the settings, overlaid by its own. A trigger above the buffer's limit would never be reached. */
export function limitsOf(settings: SessionLimits, config: SessionConfig = {}): SessionLimits {
  const maxBufferTokens = config.max_buffer_tokens ?? settings.maxBufferTokens;
  return {
    maxBufferTokens,
    summaryTriggerTokens: Math.min(config.summary_trigger_tokens ?? settings.summaryTriggerTokens, maxBufferTokens),
    maxBufferMessages: config.max_buffer_messages ?? settings.maxBufferMessages,
    kTurnBuffer: config.k_turn_buffer ?? settings.kTurnBuffer,
    lTurnChunks: config.l_turn_chunks ?? settings.lTurnChunks,
    reflectionThresholdTurns: config.reflection_threshold_turns ?? settings.reflectionThresholdTurns,
  };
}

/** The limits under their names on the wire. */
export function limitsView(limits: SessionLimits): Limits {
  return {
    summary_trigger_tokens: limits.summaryTriggerTokens,
    max_buffer_tokens: limits.maxBufferTokens,
    max_buffer_messages: limits.maxBufferMessages,
    k_turn_buffer: limits.kTurnBuffer,
    l_turn_chunks: limits.lTurnChunks,
    reflection_threshold_turns: limits.reflectionThresholdTurns,
  };
}
