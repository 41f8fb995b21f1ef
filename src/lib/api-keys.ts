import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { Id } from './model.ts';
import type { ApiKey } from './model-work.ts';
import { keyPartition } from './tiers/keys.ts';
import type { WarmOps } from './tiers/warm-ops.ts';

const FORM = /^ks_([A-Za-z0-9]{8})_([A-Za-z0-9_-]{43})$/;
const PREFIX = /^[A-Za-z0-9]{8}$/;
const PREFIX_LENGTH = 8;
const SECRET_BYTES = 32; // 43 characters of base64url; 256 bits need no slow hash
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Whom a key speaks for: a tenant, or one user of it; `operator` opens the routes that CONTRACT marks so. */
export interface KeyGrant {
  tenant: string;
  user_id?: string;
  scopes?: ApiKey['scopes'];
}

type Ops = Pick<WarmOps, 'createKey' | 'readKey' | 'putKey'>;

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
const sameHash = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** The two parts of a key as callers send it, `ks_<8 characters>_<43 characters>`; undefined for anything else. */
export function parseApiKey(given: string): { prefix: string; secret: string } | undefined {
  const [, prefix, secret] = FORM.exec(given) ?? [];
  return prefix && secret ? { prefix, secret } : undefined;
}

/** Whether the secret is that of the stored key, and the key was not revoked. */
export const opens = (key: ApiKey, secret: string): boolean => key.revoked_at === null && sameHash(key.hash, hashOf(secret));

/**
 * Makes a key and stores it by its hash alone: `text`, what the caller sends, is in no store and cannot be had again.
 * Throws a RangeError that names the id which breaks the rule.
 */
export async function createApiKey(ops: Ops, grant: KeyGrant, now: number): Promise<{ text: string; key: ApiKey }> {
  const tenant = idOf('tenant', grant.tenant);
  const user_id = grant.user_id === undefined ? null : idOf('user', grant.user_id);
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const shared = { kind: 'key', schema_version: 1, tenant, user_id, scopes: grant.scopes ?? [], revoked_at: null } as const;
  for (;;) {
    const prefix = newPrefix();
    const created_at = new Date(now).toISOString();
    const key: ApiKey = { ...shared, id: prefix, pk: keyPartition(prefix), hash: hashOf(secret), created_at };
    if (await ops.createKey(key)) return { text: `ks_${prefix}_${secret}`, key };
  }
}

/** Ends a key; instances that have seen it notice within a minute. Undefined when there is no such key. Twice changes nothing. */
export async function revokeApiKey(ops: Ops, prefix: string, now: number): Promise<ApiKey | undefined> {
  const key = PREFIX.test(prefix) ? await ops.readKey(prefix) : undefined;
  if (!key || key.revoked_at !== null) return key;
  const revoked = { ...key, revoked_at: new Date(now).toISOString() };
  await ops.putKey(revoked);
  return revoked;
}

function idOf(name: string, value: string): string {
  const { success, error } = Id.safeParse(value);
  if (!success) throw new RangeError(`${name} ${error.issues[0]?.message}, saw ${JSON.stringify(value.slice(0, 140))}`);
  return value;
}

const newPrefix = (): string => Array.from({ length: PREFIX_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
