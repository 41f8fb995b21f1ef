import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parseSchedule } from '../../../dev/host/schedule.ts';
import { startHost } from '../../../dev/host/start.ts';
import { waitFor } from '../../support/wait.ts';
import { startApp, temporaryApp } from './temporary-app.ts';

const HOUR_MS = 3_600_000;
// Half an hour away from now, so that no regular occurrence gets in between.
const MINUTE = (new Date().getMinutes() + 30) % 60;
const HOURLY = `0 ${MINUTE} * * * *`;

const timer = (schedule: string, body = '', more = '') =>
  `app.timer('tick', { schedule: '${schedule}', ${more} handler: async (timer) => {
     console.log('run', timer.isPastDue, timer.scheduleStatus?.last); ${body} } });`;

const runs = (lines: string[]) => lines.filter((line) => line.startsWith('run'));
const statusFile = (root: string) => join(root, '.devhost/timers/tick.json');
const statusOf = (root: string) => JSON.parse(readFileSync(statusFile(root), 'utf8'));

/** As if a host had run the timer `hoursAgo` and none since. */
function rememberRun(root: string, schedule: string, hoursAgo: number): string {
  const last = new Date(Date.now() - hoursAgo * HOUR_MS);
  const status = { Last: last, Next: parseSchedule(schedule).next(last), LastUpdated: last };
  mkdirSync(dirname(statusFile(root)), { recursive: true });
  writeFileSync(statusFile(root), JSON.stringify(status));
  return last.toISOString();
}

test('occurrences missed while no host ran are made up for by one run, past due', async () => {
  const root = temporaryApp({ code: timer(HOURLY) });
  const last = rememberRun(root, HOURLY, 5);
  const host = await startApp({ code: '', root });
  await waitFor(() => runs(host.lines).length > 0, { what: 'a run' });
  await waitFor(() => new Date(statusOf(root).Next) > new Date(), { what: 'the next occurrence to be planned' });
  expect(runs(host.lines)).toEqual([`run true ${last}`]);
  await host.stop();

  const again = await startApp({ code: '', root });
  await again.stop();
  expect(runs(again.lines)).toEqual([]);
});

test('a schedule that was changed meanwhile has missed nothing', async () => {
  const root = temporaryApp({ code: timer(`30 ${MINUTE} * * * *`) });
  rememberRun(root, HOURLY, 5);
  const host = await startApp({ code: '', root });
  await host.stop();
  expect(runs(host.lines)).toEqual([]);
  expect(new Date(statusOf(root).Next).getSeconds()).toBe(30);
});

test('a new timer waits for its first occurrence', async () => {
  const host = await startApp({ code: timer(HOURLY) });
  await host.stop();
  expect(runs(host.lines)).toEqual([]);
  expect(statusOf(host.root).Last).toMatch(/^0001-01-01/);
});

test('runs follow the schedule and do not overlap, however long one takes', async () => {
  const body = `globalThis.running = (globalThis.running ?? 0) + 1;
    console.log('running', globalThis.running);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    globalThis.running -= 1;`;
  const host = await startApp({ code: timer('* * * * * *', body) });
  await waitFor(() => runs(host.lines).length >= 3, { what: 'three runs' });
  const counts = host.lines.filter((line) => line.startsWith('running'));
  expect(new Set(counts)).toEqual(new Set(['running 1']));
}, 15_000);

test('of two hosts on one app only one runs the timer; the other takes over when the first is gone', async () => {
  const root = temporaryApp({ code: timer('* * * * * *') });
  const first = await startApp({ code: '', root });
  const second = await startApp({ code: '', root });
  await waitFor(() => runs(first.lines).length >= 2, { what: 'two runs' });
  expect(runs(second.lines)).toEqual([]);
  await first.kill();
  await waitFor(() => runs(second.lines).length >= 1, { what: 'the second host to take over' });
}, 20_000);

test('a handler that throws does not end its timer, and runOnStartup runs it at once', async () => {
  const host = await startApp({ code: timer('*/2 * * * * *', `throw new Error('no');`, 'runOnStartup: true,') });
  await waitFor(() => runs(host.lines).length >= 2, { what: 'two runs' });
});

test.each(['61 * * * * *', '* * * * * * *', '0 0 L * * *', 'hourly', ''])('the schedule %j stops the start', async (schedule) => {
  const root = temporaryApp({ code: timer(schedule) });
  await expect(startHost({ root })).rejects.toThrow(`The 'tick' function is in error: The schedule expression '${schedule}'`);
});

test('a schedule can be an app setting', async () => {
  const host = await startApp({ code: timer('%TICK%'), env: { TICK: '* * * * * *' } });
  await waitFor(() => runs(host.lines).length >= 1, { what: 'a run' });
});

test.each([
  ['0 */5 * * * *', '2026-03-01T10:02:03.500', '2026-03-01T10:05:00'],
  ['0 5/15 * * * *', '2026-03-01T10:06:00', '2026-03-01T10:20:00'],
  ['0 0 9-17 * * MON-FRI', '2026-02-27T17:00:00', '2026-03-02T09:00:00'],
  ['0 0 0 13 * 5', '2026-03-01T00:00:00', '2026-03-13T00:00:00'],
  ['*/10 * * * *', '2026-03-01T10:10:00', '2026-03-01T10:20:00'],
  ['00:01:30', '2026-03-01T10:00:00', '2026-03-01T10:01:30'],
])('after %s the next occurrence from %s is %s', (schedule, from, next) => {
  expect(parseSchedule(schedule).next(new Date(from))).toEqual(new Date(next));
});

test('day of month and day of week both have to match', () => {
  expect(parseSchedule('0 0 0 13 * 5').next(new Date('2026-03-13T00:00:00'))).toEqual(new Date('2026-11-13T00:00:00'));
});
