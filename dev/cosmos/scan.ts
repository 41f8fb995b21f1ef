/** What part of a container a scan reads. Bounds are inclusive unless said otherwise; all are optional and all must hold. */
export interface ScanRange {
  /** One whole partition key, as stored. */
  partition?: string;
  /** The first values of a hierarchical key: the stored key without its closing bracket, followed by a comma. */
  partitionPrefix?: string;
  idFrom?: string;
  idTo?: string;
  /** Start at this item, which is included: a page may end in the middle of one document's rows. */
  from?: { partition: string; id: string };
}

/** The WHERE conditions of a scan after `container = ?`, with their values in order. */
export function scanStatement(range: ScanRange): { where: string; values: string[] } {
  const conditions: (readonly [string, readonly string[]])[] = [];
  if (range.partition !== undefined) conditions.push(['partition = ?', [range.partition]]);
  if (range.partitionPrefix !== undefined) {
    // The prefix ends in a comma, and "-" is the next character: everything that starts with it lies between the two.
    const end = `${range.partitionPrefix.slice(0, -1)}-`;
    conditions.push(['partition >= ? AND partition < ?', [range.partitionPrefix, end]]);
  }
  if (range.idFrom !== undefined) conditions.push(['id >= ?', [range.idFrom]]);
  if (range.idTo !== undefined) conditions.push(['id <= ?', [range.idTo]]);
  if (range.from !== undefined) conditions.push(['(partition, id) >= (?, ?)', [range.from.partition, range.from.id]]);
  return {
    where: conditions.map(([sql]) => ` AND ${sql}`).join(''),
    values: conditions.flatMap(([, values]) => values),
  };
}
