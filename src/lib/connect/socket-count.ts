import type { Agent } from 'node:http';

/** The sockets of one client: open ones, those of them under a call, and calls that wait for one. */
export interface Sockets {
  open: number;
  busy: number;
  waiting: number;
  limit: number;
}

const lengthOf = (lists: Readonly<NodeJS.Dict<readonly unknown[]>>): number =>
  Object.values(lists).reduce((sum, list) => sum + (list?.length ?? 0), 0);

/** How an agent's sockets stand. */
export function socketsOf(agent: Agent | undefined, limit: number): Sockets {
  if (!agent) return { open: 0, busy: 0, waiting: 0, limit };
  const busy = lengthOf(agent.sockets);
  return { open: busy + lengthOf(agent.freeSockets), busy, waiting: lengthOf(agent.requests), limit };
}
