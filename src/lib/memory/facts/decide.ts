import { MemoryError } from '../../errors.ts';
import type { FactAnswer, ForgottenFact } from '../../model-answers-memory.ts';
import type { Fact } from '../../model-memory.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { factView } from '../reflection/fact-view.ts';
import { whileChanging } from '../sessions/changing.ts';
import { bringIn } from './add.ts';
import { requireFact } from './facts.ts';
import { forgetFact } from './forget.ts';
import { busy } from './forgotten.ts';

const MAX_LOST_RACES = 20;

/**
 * Trusts a quarantined fact: it holds from now on, is brought together with the others as the user's own word, and takes the support of
 * one that says the same. A fact that holds already is answered as it is. Errors: fact_not_found, fact_not_quarantined, session_busy,
 * tier_unavailable.
 */
export async function approveFact(services: Services, owner: Owner, fact_id: string): Promise<FactAnswer> {
  const { sessions, facts } = services.warm;
  for (let lost = 0; lost < MAX_LOST_RACES; lost++) {
    const user = (await sessions.readUser(owner))?.value;
    const { value: fact } = await requireFact(services, owner, fact_id);
    if (fact.status === 'current') return factView(fact);
    if (!user) throw busy();
    const { quarantine: _decided, ...rest } = requireQuarantined(fact);
    const at = new Date(services.now()).toISOString();
    // As the user's own word it may close what the user pinned.
    const coming: Fact = { ...rest, status: 'current', origin: 'user', updated_at: at };
    const { written, fact: known } = await bringIn(services, owner, { coming, user });
    const changed = written.map((one) => (one.id === fact.id ? { ...one, origin: fact.origin } : one));
    const deleted = known.id === fact.id ? [] : [fact.id]; // another one says it: that one holds
    const change = { owner, user, facts: changed, deleted };
    if (await whileChanging(services, { owner }, () => facts.change(change))) {
      const answered = changed.find((one) => one.id === known.id) ?? known;
      return factView(answered);
    }
  }
  throw busy();
}

/** Forgets a quarantined fact, so that nothing learns it again. Errors: fact_not_found, fact_not_quarantined; as forgetFacts. */
export async function rejectFact(services: Services, owner: Owner, fact_id: string): Promise<ForgottenFact> {
  const stored = await services.warm.facts.read(owner, fact_id);
  if (stored) requireQuarantined(stored.value);
  return forgetFact(services, owner, fact_id);
}

function requireQuarantined(fact: Fact): Fact {
  if (fact.status === 'quarantined') return fact;
  throw new MemoryError('fact_not_quarantined', `fact "${fact.fact_id}" is ${fact.status}`);
}
