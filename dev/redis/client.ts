import type { Keyspace, Watch } from './keyspace.ts';

/** What the server knows of one connection. `transaction` is there between MULTI and EXEC. */
export interface Client {
  readonly id: number;
  readonly address: string;
  readonly connectedAt: number;
  name: string;
  user: string;
  authenticated: boolean;
  protocol: 2 | 3;
  database: number;
  transaction?: { commands: string[][]; broken: boolean };
  watching?: { watch: Watch; keys: { db: Keyspace; key: string }[] };
  /** Set by QUIT: the connection ends after this reply. */
  leaving: boolean;
}

/** A connection as it starts: RESP2, database 0, no name. */
export function newClient(id: number, { address, authenticated }: { address: string; authenticated: boolean }): Client {
  const user = authenticated ? 'default' : '';
  return { id, address, connectedAt: Date.now(), name: '', user, authenticated, protocol: 2, database: 0, leaving: false };
}

/** Forgets the watched keys. */
export function unwatch(client: Client): void {
  for (const { db, key } of client.watching?.keys ?? []) db.unwatch(key, client.watching?.watch ?? { broken: true });
  client.watching = undefined;
}
