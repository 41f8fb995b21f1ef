import { ERROR_CODES, MemoryError } from '../../errors.ts';
import type { MsetRequest } from '../../requests-items.ts';
import { JSON_TYPE } from '../../tiers/item-edition.ts';
import type { ItemName } from '../../tiers/keys.ts';
import { manyAtOnce } from '../../tiers/many.ts';
import type { Item } from '../../tiers/tier.ts';
import type { OneOfMany } from '../../tiers/tiered-many.ts';
import { checkTier, contentOf, type ItemServices, keptView, type Place, putItem } from './items.ts';

type Owner = Omit<ItemName, 'key'>;

const itemsOf = (owner: Owner, keys: readonly string[]): ItemName[] => [...new Set(keys)].map((key) => ({ ...owner, key }));

/** A value as JSON; bytes in base64, with their type. */
const jsonOf = ({ type, data }: Item): Buffer =>
  type === JSON_TYPE ? data : Buffer.from(JSON.stringify({ content_type: type, base64: data.toString('base64') }));
const NULL = Buffer.from('null');

interface Sorted {
  found: [string, Item][];
  missing: string[];
  /** Why a key could not be read. */
  failed: Record<string, string>;
}

/** Reads many at once. When none could be read the first error is thrown. */
async function readMany({ items, config }: ItemServices, names: readonly ItemName[], tier: string | undefined): Promise<Sorted> {
  checkTier(items.names, tier);
  const answers = await items.getMany(names, { only: tier, mostBytes: 2 * config.items.maxBytes });
  const errors = answers.flatMap((answer) => ('error' in answer ? [answer.error] : []));
  if (errors.length === answers.length) throw errors[0];
  const sorted: Sorted = { found: [], missing: [], failed: {} };
  answers.forEach((answer, i) => {
    sortIn(sorted, names[i]?.key ?? '', answer);
  });
  return sorted;
}

function sortIn({ found, missing, failed }: Sorted, key: string, answer: OneOfMany): void {
  if ('error' in answer) failed[key] = codeOf(answer.error);
  else if (answer.got) found.push([key, answer.got.item]);
  else missing.push(key);
}

function codeOf(error: unknown): string {
  if (error instanceof MemoryError) return error.code;
  throw error;
}

/** Many values by key: what the answer says, and the values as JSON. Errors: tier_unavailable, tier_disabled. */
export async function getItems(services: ItemServices, owner: Owner, { keys, tier }: { keys: string[]; tier?: string }) {
  const names = itemsOf(owner, keys);
  const { found, missing, failed } = await readMany(services, names, tier);
  const values = new Map(found.map(([key, item]) => [key, jsonOf(item)]));
  const fields = names.flatMap(({ key }, i) => [Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(key)}:`), values.get(key) ?? NULL]);
  const failures = Object.keys(failed).length > 0 && { failed };
  return { body: { missing, ...failures }, items: Buffer.concat([...fields, Buffer.from('}')]) };
}

/** Puts many, each for itself. Errors: tier_disabled. */
export async function putItems(services: ItemServices, owner: Owner, { items, ...options }: Place & Pick<MsetRequest, 'items'>) {
  checkTier(services.items.names, options.tier);
  const results = await manyAtOnce(Object.entries(items), async ([key, value]) => {
    const of = { ...owner, key };
    try {
      const kept = await putItem(services, of, { content: contentOf(value), options });
      return [key, { status: 'success', ...keptView(of, kept) }] as const;
    } catch (error) {
      return [key, failure(error)] as const;
    }
  });
  return { results: Object.fromEntries(results) };
}

function failure(error: unknown) {
  const code = codeOf(error) as keyof typeof ERROR_CODES;
  return { status: 'error', code, status_code: ERROR_CODES[code].status, error: (error as MemoryError).message };
}

/** Reads many so that their copies lie in the fastest tier. Errors: tier_unavailable. */
export async function prefetchItems(services: ItemServices, owner: Owner, keys: string[]) {
  const { found, missing, failed } = await readMany(services, itemsOf(owner, keys), undefined);
  return { prefetched: found.length, missing, ...(Object.keys(failed).length > 0 && { failed }) };
}
