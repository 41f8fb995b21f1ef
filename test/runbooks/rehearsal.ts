import { randomUUID } from 'node:crypto';
import type { Json } from '../support/api.ts';
import { startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

export type Rehearsal = Awaited<ReturnType<typeof rehearse>>;

/** A stack on which a runbook is rehearsed, and the ways in which an operator sees how it does. */
export async function rehearse(settings: Record<string, string> = {}) {
  const lines: string[] = [];
  const stack = await startStack({ settings: { LOG_LEVEL: 'info', ...settings }, onLine: (line) => lines.push(line) });
  const api = stack.api();
  const stats = async (): Promise<Json> => (await api.get('/tiers/stats')).body.tiers;

  return {
    stack,
    api,
    fresh: () => `k-${randomUUID()}`,
    put: (key: string, body: object) => api.request('PUT', `/items/${key}`, { body }),
    get: (key: string, query = '') => api.get(`/items/${key}${query}`),
    /** `GET /tiers/stats`, by tier. */
    stats,
    /** What a piece of work changed in the figures of a tier. */
    async change(tier: string, work: () => Promise<unknown>): Promise<(figure: string) => number> {
      const before = (await stats())[tier];
      await work();
      const after = (await stats())[tier];
      return (figure) => after[figure] - before[figure];
    },
    /** The first log line of an event of which `is` holds. */
    line: (event: string, is: (line: Json) => boolean = () => true): Promise<Json> =>
      waitFor(() => lines.flatMap((line) => (line.includes(`"event":"${event}"`) ? [JSON.parse(line)] : [])).find(is), {
        what: `a line ${event}`,
      }),
    stop: () => stack.stop(),
  };
}
