import type { EmbeddingModel } from '../../llm/port.ts';
import type { VectorState } from '../../model-vectors.ts';
import type { Services } from '../../services.ts';
import type { Stored } from '../../tiers/cosmos-gate.ts';
import { memoryPartition, type Owner, VECTOR_STATE_ID } from '../../tiers/keys.ts';
import { modelKey } from './embed-texts.ts';

/** How far the vectors of a user are, with the version of the document it was read from, if there is one. */
export interface HeldState {
  state: VectorState;
  etag: string | undefined;
}

/** The model that answers: the one before, as long as the present one has not been through everything once. */
export const answering = ({ model, complete, previous }: VectorState): EmbeddingModel => (complete ? model : (previous ?? model));

/**
 * The state as the configured model needs it. For another model it begins at nothing, and the one that answered so far goes on
 * answering; a return to that one goes on where it answers, and looks at everything again.
 */
export function stateFor(
  stored: Stored<VectorState> | undefined,
  { owner, model, at }: { owner: Owner; model: EmbeddingModel; at: string },
) {
  const known = stored?.value;
  if (known && modelKey(known.model) === modelKey(model)) return { state: known, etag: stored?.etag };
  const before = known && answering(known);
  const isReturn = before !== undefined && modelKey(before) === modelKey(model);
  const state: VectorState = {
    id: VECTOR_STATE_ID,
    pk: memoryPartition(owner),
    kind: 'vectors',
    schema_version: 1,
    model,
    through_ts: 0,
    complete: false,
    ...(before && !isReturn && { previous: before }),
    untidy: known !== undefined,
    updated_at: at,
  };
  return { state, etag: stored?.etag };
}

/** Writes the changed state; undefined when somebody else moved it. */
export async function moveState(services: Services, owner: Owner, { state, etag }: HeldState): Promise<HeldState | undefined> {
  const moved = { ...state, updated_at: new Date(services.now()).toISOString() };
  if (!(await services.warm.vectors.writeState(moved, etag))) return undefined;
  const stored = await services.warm.vectors.readState(owner);
  return stored && { state: stored.value, etag: stored.etag };
}
