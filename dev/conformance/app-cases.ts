import { setTimeout as pause } from 'node:timers/promises';
import type { Case, Probe } from './case.ts';

const JSON_BODY = { 'content-type': 'application/json' };

const run = ({ host }: Probe, name: string, body: string) =>
  host.send(`/admin/functions/${name}`, { method: 'POST', headers: JSON_BODY, body });

/** Hooks, timers and the admin API. */
export const appCases: Case[] = [
  {
    name: 'the appStart hook has run',
    expected: [{ hasHookData: true }],
    see: async ({ host }) => (await host.send('/api/records/app-start')).json,
  },
  {
    name: 'hooks run in the order of their registration, may wrap the handler and replace its result',
    expected: ['first hook before', 'second hook before', 'handler', 'after'],
    see: async ({ host }) => (await host.send('/api/hooked')).json,
  },
  {
    name: 'a postInvocation hook may turn an error into a result',
    expected: { status: 200, last: 'after: turned around' },
    async see({ host }) {
      const { status, json } = await host.send('/api/hooked-error');
      return { status, last: json?.at(-1) };
    },
  },
  {
    name: 'the admin API runs a timer function, which is told that it is not past due',
    expected: { status: 202, isPastDue: false, schedule: 'object' },
    async see(probe) {
      const before = (await probe.host.send('/api/records/yearly')).json.length;
      const { status } = await run(probe, 'yearly', '{"input":""}');
      const deadline = Date.now() + 10_000;
      let records = [];
      while (records.length <= before && Date.now() < deadline) {
        await pause(50);
        records = (await probe.host.send('/api/records/yearly')).json;
      }
      const timer = records.at(-1)?.timer;
      return { status, isPastDue: timer?.isPastDue, schedule: typeof timer?.schedule };
    },
  },
  {
    name: 'the admin API knows only functions that are there',
    expected: 404,
    see: async (probe) => (await run(probe, 'no-such-function', '{"input":""}')).status,
  },
  {
    name: 'the admin API lists the functions with their bindings',
    expected: { status: 200, type: 'timerTrigger', isDisabled: true },
    async see({ host }) {
      const { status, json } = await host.send('/admin/functions');
      const named = (name: string) => json?.find((fn: { name: string }) => fn.name === name);
      return { status, type: named('yearly')?.config.bindings[0].type, isDisabled: named('disabled-queue')?.isDisabled };
    },
  },
  {
    name: 'the host says that it runs',
    expected: { ping: 200, state: 'Running' },
    async see({ host }) {
      const ping = await host.send('/admin/host/ping');
      const status = await host.send('/admin/host/status');
      return { ping: ping.status, state: status.json?.state };
    },
  },
];
