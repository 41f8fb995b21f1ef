import type { Container, JSONObject, OperationInput, SqlParameter } from '@azure/cosmos';
import type { ZodType } from 'zod';
import type { Breaker } from '../breaker.ts';
import { MemoryError } from '../errors.ts';

export type ContainerName = 'memory' | 'directory' | 'ops' | 'items';
export interface Stored<T> {
  value: T;
  etag: string;
}
export interface BatchResult {
  /** Index and status of the operation that failed the batch; undefined when all were done. */
  failed: { index: number; status: number } | undefined;
  documents: (JSONObject | undefined)[];
}
export interface Statement {
  query: string;
  parameters: SqlParameter[];
}

/** A query text with its values as parameters: sql`SELECT * FROM c WHERE c.pk = ${pk}`. */
export function sql(parts: TemplateStringsArray, ...values: (string | number | boolean | string[] | number[])[]): Statement {
  const query = parts.reduce((text, part, i) => `${text}@p${i - 1}${part}`);
  return { query, parameters: values.map((value, i) => ({ name: `@p${i}`, value })) };
}

/** A precondition, an id that is taken, a document that is gone: somebody else was faster. Anything else is a fault. */
const LOST = new Set([412, 409, 404]);

const statusOf = (error: unknown): number | undefined => {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'number' ? code : undefined;
};

/** An unanswered write may or may not have happened: callers that retry must recognise their own work. */
export class UnclearError extends MemoryError {
  constructor(cause: unknown) {
    super('tier_unavailable', 'Cosmos DB did not answer', { retryAfterSeconds: 5, cause });
  }
}

function unavailable(error: unknown): Error {
  const status = statusOf(error);
  if (status === 429) return new MemoryError('tier_unavailable', 'Cosmos DB is throttling (429)', { retryAfterSeconds: 5, cause: error });
  if (status === undefined || status >= 500 || status === 408) return new UnclearError(error);
  return error instanceof Error ? error : new Error(String((error as { message?: unknown }).message ?? error));
}

/** The few Cosmos calls the tiers are made of: each parses what comes back and fails with one kind of error. */
export function createCosmosGate(connect: () => Promise<Record<ContainerName, Container>>, breaker: Breaker) {
  const container = async (name: ContainerName) => (await connect())[name];
  /** The connection counts every HTTP call; here its failure gets one of our errors, and silence counts for the breaker. */
  async function told<T>(work: () => Promise<T>): Promise<T> {
    if (!breaker.admits())
      throw new MemoryError('tier_unavailable', 'Cosmos DB does not answer; it is asked again soon', { retryAfterSeconds: 5 });
    try {
      const answer = await work();
      breaker.succeeded();
      return answer;
    } catch (error) {
      const known = unavailable(error);
      if (known instanceof UnclearError) breaker.failed();
      else breaker.succeeded(); // it answered, if only to refuse
      throw known;
    }
  }
  const stored = <T>(schema: ZodType<T>, document: unknown): Stored<T> => ({
    value: schema.parse(document),
    etag: String((document as { _etag?: string })._etag ?? ''),
  });

  return {
    /** Point read; undefined when there is no such document. */
    async read<T>(name: ContainerName, schema: ZodType<T>, at: { id: string; pk: string }): Promise<Stored<T> | undefined> {
      const c = await container(name);
      const response = await told(() => c.item(at.id, at.pk).read());
      return response.statusCode === 404 || !response.resource ? undefined : stored(schema, response.resource);
    },

    /** Creates; false when the id is taken. */
    async create(name: ContainerName, document: { id: string; pk: string }): Promise<boolean> {
      const c = await container(name);
      try {
        await told(() => c.items.create(document));
        return true;
      } catch (error) {
        if (statusOf(error) === 409) return false;
        throw error;
      }
    },

    async upsert(name: ContainerName, document: { id: string; pk: string }): Promise<void> {
      const c = await container(name);
      await told(() => c.items.upsert(document));
    },

    /** Replaces when the etag still fits; false when it does not, or the document is gone. */
    async replace(name: ContainerName, document: { id: string; pk: string }, etag: string): Promise<boolean> {
      const c = await container(name);
      try {
        await told(() => c.item(document.id, document.pk).replace(document, { accessCondition: { type: 'IfMatch', condition: etag } }));
        return true;
      } catch (error) {
        if (statusOf(error) === 412 || statusOf(error) === 404) return false;
        throw error;
      }
    },

    /** Deletes, with `etag` only what still has it; false when it was changed since. What is not there is deleted. */
    async remove(name: ContainerName, at: { id: string; pk: string }, etag?: string): Promise<boolean> {
      const c = await container(name);
      try {
        await told(() => c.item(at.id, at.pk).delete(etag ? { accessCondition: { type: 'IfMatch', condition: etag } } : {}));
        return true;
      } catch (error) {
        if (statusOf(error) === 404) return true;
        if (etag !== undefined && statusOf(error) === 412) return false;
        throw error;
      }
    },

    /** One transactional batch in one partition: all or nothing. */
    async batch(name: ContainerName, pk: string, operations: OperationInput[]): Promise<BatchResult> {
      const c = await container(name);
      const { result = [] } = await told(() => c.items.batch(operations, pk));
      const index = result.findIndex((r) => r.statusCode >= 400 && r.statusCode !== 424);
      const status = result[index]?.statusCode;
      if (status !== undefined && !LOST.has(status))
        throw unavailable({ code: status, message: `Cosmos DB refused operation ${index} of a batch: ${status}` });
      return { failed: status === undefined ? undefined : { index, status }, documents: result.map((r) => r.resourceBody) };
    },

    /** All rows of a query within one partition; the predicate must be in the text (the SDK drops the header on planned queries). */
    async query<T>(name: ContainerName, schema: ZodType<T>, { statement, pk }: { statement: Statement; pk: string }): Promise<T[]> {
      const c = await container(name);
      const pages = c.items.query(statement, { partitionKey: pk, maxItemCount: 1000 });
      const rows: T[] = [];
      while (pages.hasMoreResults()) {
        const page = await told(() => pages.fetchNext());
        for (const row of page.resources ?? []) rows.push(schema.parse(row));
      }
      return rows;
    },

    /** One bounded page of a query and where the next begins. Errors: invalid_query for a cursor that Cosmos DB does not know. */
    async page<T>(
      name: ContainerName,
      schema: ZodType<T>,
      { statement, pk, limit, cursor }: { statement: Statement; pk: string; limit: number; cursor: string | undefined },
    ): Promise<{ rows: T[]; cursor: string | null }> {
      const c = await container(name);
      const pages = c.items.query(statement, { partitionKey: pk, maxItemCount: limit, ...(cursor && { continuationToken: cursor }) });
      const page = await told(() => pages.fetchNext()).catch((error: unknown) => {
        const unknown = cursor !== undefined && statusOf(error) === 400;
        throw unknown ? new MemoryError('invalid_query', 'cursor must be the next_cursor of an earlier answer') : error;
      });
      return { rows: (page.resources ?? []).map((row: unknown) => schema.parse(row)), cursor: page.continuationToken || null };
    },

    async ping(): Promise<void> {
      const c = await container('directory');
      await told(() => c.item('ping', 'd|00').read());
    },
  };
}
export type CosmosGate = ReturnType<typeof createCosmosGate>;
