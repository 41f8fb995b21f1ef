import type { UserRecord } from '../../model.ts';
import type { Fact } from '../../model-memory.ts';
import { checkPrecondition, type Precondition } from '../../precondition.ts';
import type { EditFactRequest } from '../../requests-facts.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { closed, slotOfFact } from '../reflection/consolidate.ts';
import { factView } from '../reflection/fact-view.ts';
import { whileChanging } from '../sessions/changing.ts';
import { requireFact } from './facts.ts';
import { busy } from './forgotten.ts';
import { quarantineOf } from './quarantine.ts';
import { editedFact } from './versions.ts';

const MAX_LOST_RACES = 20;

interface Editing {
  fact_id: string;
  edit: EditFactRequest;
  condition: Precondition;
}

/**
 * Changes a fact: a new version, the one before stays in its history. Other facts of the same slot are closed by it, pinned ones too:
 * the user says so. A text that reads like a secret is quarantined. Errors: fact_not_found, precondition_failed, session_busy,
 * tier_unavailable.
 */
export async function editFact(services: Services, owner: Owner, { fact_id, edit, condition }: Editing) {
  const { sessions, vectors } = services.warm;
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const user = (await sessions.readUser(owner))?.value;
    const { value: fact, etag } = await requireFact(services, owner, fact_id);
    checkPrecondition(condition, etag);
    if (!user) throw busy();
    const at = new Date(services.now()).toISOString();
    const next = reconsidered(editedFact(fact, edit, at), edit.text !== undefined);
    const rivals = next.text === fact.text ? [] : await closedRivals(services, owner, { next, at });
    if (!(await commit(services, owner, { user, changed: [next, ...rivals] }))) continue;
    if (next.text !== fact.text) await vectors.removeOf(owner, [fact.id]);
    const written = await requireFact(services, owner, fact_id);
    return { answer: factView(written.value), etag: written.etag };
  }
  throw busy();
}

const commit = (services: Services, owner: Owner, { user, changed }: { user: UserRecord; changed: Fact[] }): Promise<boolean> =>
  whileChanging(services, { owner }, () => services.warm.facts.change({ owner, user, facts: changed }));

/** With new words a fact is looked at anew: what only its old ones gave reason for does not hold it back. */
function reconsidered(fact: Fact, reworded: boolean): Fact {
  if (!reworded || fact.status === 'closed') return fact;
  const { quarantine: before, ...rest } = fact;
  const quarantine = quarantineOf(fact.text, []);
  if (quarantine) return { ...rest, status: 'quarantined', quarantine };
  const byItsWords = before === 'secret' || before === 'instruction';
  return before === undefined || byItsWords ? { ...rest, status: 'current' } : fact;
}

async function closedRivals({ warm }: Services, owner: Owner, { next, at }: { next: Fact; at: string }): Promise<Fact[]> {
  const slot = slotOfFact({ text: next.text, origin: 'user' });
  if (slot === undefined || next.status !== 'current') return [];
  const current = await warm.memory.listFacts(owner);
  return current.filter((fact) => fact.id !== next.id && slotOfFact(fact) === slot).map((fact) => closed(fact, next, at));
}
