import type { ForgetAnswer, ForgottenFact } from '../../model-answers-memory.ts';
import type { Fact, Forgotten } from '../../model-memory.ts';
import type { ForgetRequest } from '../../requests-facts.ts';
import type { Services } from '../../services.ts';
import type { Owner } from '../../tiers/keys.ts';
import { factView } from '../reflection/fact-view.ts';
import { withoutSession } from '../retention/forget-derived.ts';
import { whileChanging } from '../sessions/changing.ts';
import { factNotFound } from './facts.ts';
import { planForgetting } from './forget-plan.ts';
import { removeForgotten } from './forget-remove.ts';
import { buried, busy, readForgotten } from './forgotten.ts';

const MAX_LOST_RACES = 20;
const MAX_FACTS = 10_000; // of a user, that are looked through
const A_BATCH = 40; // of what is noted, or reduced, at once

/**
 * Forgets facts and everything that says them: their versions, others that say the same, insights, sentences of summaries, statements
 * of the profile. The messages stay. In an order in which it may be killed anywhere and asked for again:
 *
 * 1. A note of what is to be forgotten, with hashes of its words, and a new revision: jobs that began before commit nothing from here
 *    on, and those that begin later know what they may not learn again.
 * 2. Facts, insights, summaries, profile, in batches.
 * 3. The note is settled. Whoever asks to forget anything finishes first what an earlier asking left undone.
 *
 * A dry run answers what would go. Errors: session_busy, tier_unavailable.
 */
export async function forgetFacts(services: Services, owner: Owner, request: ForgetRequest): Promise<ForgetAnswer> {
  const { dry_run } = request;
  if (!dry_run) await removeForgotten(services, owner);
  const forgotten = await noteForgetting(services, owner, request);
  if (!dry_run && forgotten.length > 0) await removeForgotten(services, owner);
  return { dry_run, count: forgotten.length, facts: forgotten.map(factView) };
}

/** Forgets one fact. Errors: fact_not_found for one that is not there, and was not just being forgotten; as forgetFacts. */
export async function forgetFact(services: Services, owner: Owner, fact_id: string): Promise<ForgottenFact> {
  const finished = await removeForgotten(services, owner);
  const answer = await forgetFacts(services, owner, { fact_ids: [fact_id], dry_run: false });
  if (answer.count === 0 && !finished.some((one: Forgotten) => one.fact_id === fact_id)) throw factNotFound(fact_id);
  return { success: true, ...answer };
}

/** Writes the notes, in batches of which each counts only if the memory is still as it was planned; answers what goes. */
async function noteForgetting(services: Services, owner: Owner, request: ForgetRequest): Promise<Fact[]> {
  const { sessions, facts, forgotten, forget } = services.warm;
  const noted = new Map<string, Fact>();
  for (let lost = 0; lost < MAX_LOST_RACES; ) {
    const user = (await sessions.readUser(owner))?.value;
    if (!user) return [];
    const [all, known] = await Promise.all([facts.listAll(owner, MAX_FACTS), readForgotten(services, owner, user)]);
    const at = new Date(services.now()).toISOString();
    const { gone, reduced } = planForgetting(all, request, at);
    if (request.dry_run) return gone;
    const next = gone.filter((fact) => !noted.has(fact.fact_id)).slice(0, A_BATCH);
    if (next.length > 0) {
      const notes = buried(next, { at, known });
      if (await whileChanging(services, { owner }, () => forgotten.bury(owner, user, notes)))
        for (const fact of next) noted.set(fact.fact_id, fact);
      else lost++;
      continue;
    }
    const less = reduced.slice(0, A_BATCH).map((fact) => withoutSession(fact, request.session_id ?? '', at));
    if (less.length === 0) return [...noted.values()];
    if (!(await whileChanging(services, { owner }, () => forget.commit({ owner, user, replaced: less, deleted: [] })))) lost++;
  }
  throw busy();
}
