import type { Services } from '../../src/lib/services.ts';

/** When an instance dies: at its n-th call to a tier, the queue or the model, before that call has an effect or after. */
export interface Death {
  atCall: number;
  mode: 'before' | 'after';
}

/**
 * An instance that is killed at a chosen await boundary: from then on nothing it asks for happens and nothing it awaits returns, which
 * is what SIGKILL looks like from the stores. `died` resolves at that moment.
 */
export function mortal(services: Services, { atCall, mode }: Death): { services: Services; died: Promise<'died'> } {
  const { promise: died, resolve } = Promise.withResolvers<'died'>();
  const never = () => new Promise<never>(() => {});
  let calls = 0;
  let dead = false;

  const guarded = <F extends (...args: never[]) => unknown>(call: F, self: unknown): F =>
    ((...args: never[]) => {
      if (dead) return never();
      calls++;
      if (calls < atCall) return call.apply(self, args);
      dead = true;
      if (mode === 'before') {
        resolve('died');
        return never();
      }
      void Promise.resolve(call.apply(self, args)).then(
        () => resolve('died'),
        () => resolve('died'),
      );
      return never();
    }) as F;

  function wrap<T extends object>(tier: T): T {
    const entries = Object.entries(tier).map(([name, value]) => [name, typeof value === 'function' ? guarded(value, tier) : value]);
    return Object.fromEntries(entries) as T;
  }
  const { hot, warm, model, ring } = services;
  const tiers = Object.fromEntries(Object.entries(warm).map(([name, tier]) => [name, wrap(tier)])) as unknown as Services['warm'];
  return {
    died,
    services: {
      ...services,
      hot: wrap(hot),
      warm: tiers,
      model: wrap(model),
      ring: guarded(ring, services),
      inLine: (_name, work) => work(),
    },
  };
}
