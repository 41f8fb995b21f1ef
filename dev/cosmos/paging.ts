import type { Continuation, Position } from './continuation.ts';
import type { Scope } from './sql/evaluate.ts';
import type { Pipeline } from './sql/pipeline.ts';
import type { Value } from './sql/values.ts';
import type { StoredItem } from './store.ts';

const MAX_PAGE_BYTES = 4 * 1024 * 1024; // documented: a response holds at most 4 MB

/** What one query runs over. `items` come in (partition, id) order. */
export interface QueryRun {
  pipeline: Pipeline;
  sorted: boolean;
  distinct: boolean;
  /** False leaves out rows whose only sort key is undefined. */
  keepsMissing: boolean;
  items: Iterable<StoredItem>;
  scope(document: Value): Scope;
  pageSize: number;
  start?: Continuation;
}

export interface Page {
  /** The results as JSON texts. */
  documents: string[];
  next?: Continuation;
}

/** A page that goes on after a row. */
type Resume = Exclude<Continuation, { from: number }>;

interface Row {
  scope: Scope;
  position: Position;
}

function comparePlaces(left: Position, right: Position): number {
  if (left.partition !== right.partition) return left.partition < right.partition ? -1 : 1;
  if (left.id !== right.id) return left.id < right.id ? -1 : 1;
  return left.row - right.row;
}

function* rowsOf({ pipeline, items, scope, keepsMissing }: QueryRun): Generator<Row> {
  for (const { partition, id, text } of items) {
    for (const [row, expanded] of pipeline.expand(scope(JSON.parse(text))).entries()) {
      const keys = pipeline.sortKeys(expanded);
      if (!keepsMissing && keys[0] === undefined) continue;
      yield { scope: expanded, position: { keys, partition, id, row } };
    }
  }
}

/** Rows in result order; with sort keys all of them are read first. */
function orderedRows(run: QueryRun): Iterable<Row> {
  if (!run.sorted) return rowsOf(run);
  const compare = (left: Row, right: Row): number =>
    run.pipeline.compareKeys(left.position.keys, right.position.keys) || comparePlaces(left.position, right.position);
  return [...rowsOf(run)].sort(compare);
}

/** True when the row belongs to an earlier page. The scan itself starts at the last document, so unsorted rows only differ inside it. */
function isBefore({ pipeline, sorted }: QueryRun, position: Position, after: Position): boolean {
  if (!sorted) return position.partition === after.partition && position.id === after.id && position.row <= after.row;
  const order = pipeline.compareKeys(position.keys, after.keys) || comparePlaces(position, after);
  return order <= 0;
}

/** The values of the rows after `start`, with their places; undefined values are no results. */
function* resultsAfter(run: QueryRun, start: Resume | undefined): Generator<{ text: string; position: Position }> {
  for (const { scope, position } of orderedRows(run)) {
    if (start !== undefined && isBefore(run, position, start.after)) continue;
    const value = run.pipeline.project(scope);
    if (value !== undefined) yield { text: JSON.stringify(value), position };
  }
}

/** One page of a query whose rows can be told apart by place: what changes between pages neither repeats nor hides other rows. */
function pageByPosition(run: QueryRun, start: Resume | undefined): Page {
  const empty = run.scope(undefined);
  const limit = start === undefined ? run.pipeline.limit(empty) : (start.left ?? Number.POSITIVE_INFINITY);
  let skip = start === undefined ? run.pipeline.offset(empty) : start.skip;
  let bytes = 0;
  let last: Position | undefined;
  const documents: string[] = [];

  for (const { text, position } of limit === 0 ? [] : resultsAfter(run, start)) {
    if (skip > 0) {
      skip -= 1;
      continue;
    }
    bytes += Buffer.byteLength(text);
    if (last !== undefined && (documents.length >= run.pageSize || bytes > MAX_PAGE_BYTES)) {
      const left = Number.isFinite(limit) ? limit - documents.length : null;
      return { documents, next: { after: last, skip: 0, left } };
    }
    documents.push(text);
    last = position;
    if (documents.length === limit) break;
  }
  return { documents };
}

/** One page of a query that folds rows together: computed anew for each page. */
function pageByNumber(run: QueryRun, from: number): Page {
  const { pipeline, pageSize } = run;
  const rows = [...orderedRows(run)].map((row) => row.scope);
  const scope = run.scope(undefined);
  const folded = pipeline.grouped ? pipeline.group(rows, scope) : rows;
  const values = folded.map((row) => pipeline.project(row)).filter((value) => value !== undefined);
  const offset = pipeline.offset(scope);
  const all = pipeline.distinct(values).slice(offset, offset + pipeline.limit(scope));
  const documents = all.slice(from, from + pageSize).map((value) => JSON.stringify(value));
  const end = from + documents.length;
  return end < all.length ? { documents, next: { from: end } } : { documents };
}

/** Runs a query up to one full page. */
export function runPage(run: QueryRun): Page {
  const { start } = run;
  if (run.pipeline.grouped || run.distinct) return pageByNumber(run, start !== undefined && 'from' in start ? start.from : 0);
  return pageByPosition(run, start !== undefined && 'after' in start ? start : undefined);
}
