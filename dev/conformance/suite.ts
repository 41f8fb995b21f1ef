import { isDeepStrictEqual } from 'node:util';
import { appCases } from './app-cases.ts';
import type { Case, Probe } from './case.ts';
import { createHostClient } from './host-client.ts';
import { httpCases } from './http-cases.ts';
import { outputCases } from './output-cases.ts';
import { queueCases } from './queue-cases.ts';
import { createQueueProbe } from './queue-probe.ts';
import { routeCases } from './route-cases.ts';

export interface Outcome {
  name: string;
  isOk: boolean;
  expected: unknown;
  /** What was found instead, or the error that kept from looking. */
  seen: unknown;
}

interface Target {
  /** Where the app of the suite runs, without a path. */
  url: string;
  /** Connection string of the storage account behind that app. */
  storage: string;
}

const PARALLEL = 8;

export const cases: Case[] = [...httpCases, ...routeCases, ...queueCases, ...outputCases, ...appCases];

/** Runs every case, several at a time; `onOutcome` is called as each one ends. */
export async function runSuite({ url, storage }: Target, onOutcome: (outcome: Outcome) => void): Promise<Outcome[]> {
  const host = createHostClient(url);
  const queues = createQueueProbe(storage, host);
  const outcomes: Outcome[] = [];

  async function work(remaining: Case[]): Promise<void> {
    for (let next = remaining.shift(); next; next = remaining.shift()) {
      const outcome = await runCase(next, { host, queues });
      outcomes.push(outcome);
      onOutcome(outcome);
    }
  }

  try {
    await queues.prepare();
    const together = cases.filter(({ isAlone }) => !isAlone);
    await Promise.all(Array.from({ length: PARALLEL }, () => work(together)));
    await work(cases.filter(({ isAlone }) => isAlone));
  } finally {
    host.close();
  }
  return outcomes;
}

async function runCase({ name, expected, see }: Case, probe: Probe): Promise<Outcome> {
  try {
    const seen = await see(probe);
    return { name, isOk: isDeepStrictEqual(seen, expected), expected, seen };
  } catch (error) {
    return { name, isOk: false, expected, seen: `${error}` };
  }
}
