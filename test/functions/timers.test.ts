import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseSchedule } from '../../dev/host/schedule.ts';
import { processingSettings } from '../../src/lib/config/settings-memory.ts';
import { everyHours, everySeconds } from '../../src/lib/timer.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

const lines: string[] = [];
let stack: Stack;
beforeAll(async () => {
  const settings = { PROCESSING_INTERVAL_SECONDS: '10', 'AzureWebJobs.sweep.Disabled': 'false', LOG_LEVEL: 'info' };
  stack = await startStack({ settings, onLine: (line) => lines.push(line) });
});
afterAll(() => stack.stop());

const choices = (says: string): number[] => says.replace('one of ', '').split(', ').map(Number);

test.each(choices(processingSettings.PROCESSING_INTERVAL_SECONDS.rule.says))(
  'every %i seconds strikes evenly, over the hour too',
  (seconds) => {
    const schedule = parseSchedule(everySeconds(seconds));
    let at = new Date(2026, 5, 1, 10, 0, 0);
    for (let n = 0; n < 400; n++) {
      const next = schedule.next(at);
      expect(next.getTime() - at.getTime()).toBe(seconds * 1000);
      at = next;
    }
  },
);

test.each(choices(processingSettings.CLEANUP_INTERVAL_HOURS.rule.says))('every %i hours strikes evenly, over midnight too', (hours) => {
  const schedule = parseSchedule(everyHours(hours));
  const first = schedule.next(new Date(2026, 5, 1, 23, 30));
  const second = schedule.next(first);
  expect(second.getTime() - first.getTime()).toBe(hours * 3_600_000);
});

test('under the host the sweep runs at its interval, not at the start, and logs one line a tick', async () => {
  const line = await waitFor(() => lines.find((text) => text.includes('"event":"tick"')), { timeoutMs: 25_000, what: 'a tick' });
  const tick = JSON.parse(line.slice(line.indexOf('{')));
  expect(tick).toMatchObject({ timer: 'sweep', outcome: 'done', ended: 0, rung: 0 });
  expect(new Date(tick.time).getSeconds() % 10).toBeLessThan(5);
  expect(tick.cosmos_calls).toBeLessThan(200);
});
