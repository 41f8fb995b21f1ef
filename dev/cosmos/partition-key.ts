import { badRequest } from './errors.ts';
import type { ScanRange } from './scan.ts';
import { atPath, type Value } from './sql/values.ts';

const MAX_KEY_BYTES = 2048; // documented limit of a partition key with version 2

/** The property names of a policy path such as `/scope/tenant`; quoted names may hold slashes. */
export function pathSegments(path: string): string[] {
  return (path.match(/"[^"]*"|[^/]+/g) ?? []).map((segment) => segment.replace(/^"(.*)"$/, '$1'));
}

function checked(values: Value[]): Value[] {
  const complex = values.find((value) => typeof value === 'object' && value !== null && Object.keys(value).length > 0);
  if (complex !== undefined)
    throw badRequest(`A partition key value must be a string, number, boolean or null, got ${JSON.stringify(complex)}.`);
  return values;
}

/** A partition key as it is stored: the JSON array of its values, with `{}` where the document has none. */
function partitionText(values: Value[]): string {
  const text = JSON.stringify(checked(values).map((value) => (value === undefined ? {} : value)));
  if (Buffer.byteLength(text) > MAX_KEY_BYTES) throw badRequest(`Partition key value exceeds the limit of ${MAX_KEY_BYTES} bytes.`);
  return text;
}

/** The partition a document belongs to, by the container's partition key paths. */
export function partitionOf(document: Value, paths: readonly string[]): string {
  return partitionText(paths.map((path) => atPath(document, pathSegments(path))));
}

/** Reads the partition key header. Throws 400 for anything but a JSON array of at most as many values as there are paths. */
export function parsePartitionHeader(header: string, paths: readonly string[]): Value[] {
  let values: unknown;
  try {
    values = JSON.parse(header);
  } catch {
    values = undefined;
  }
  if (Array.isArray(values) && values.length <= paths.length) return checked(values);
  throw badRequest(`Partition key ${header} is invalid for the paths ${paths.join(', ')}.`, 1001);
}

/** The one partition a point operation addresses. Throws 400 without a header and for a key that is only a prefix. */
export function exactPartition(header: string | undefined, paths: readonly string[]): string {
  if (header === undefined) throw badRequest('PartitionKey value must be supplied for this operation.');
  const values = parsePartitionHeader(header, paths);
  if (values.length === paths.length) return partitionText(values);
  throw badRequest('Partition key provided either doesn’t correspond to definition in the container or is incomplete.', 1001);
}

/** What part of the container these leading key values cover: one partition, all partitions below them, or everything. */
export function partitionRange(values: Value[], paths: readonly string[]): ScanRange {
  if (values.length === paths.length) return { partition: partitionText(values) };
  if (values.length === 0) return {};
  return { partitionPrefix: `${partitionText(values).slice(0, -1)},` };
}
