import type { ItemVerb } from './items.ts';

// Published figures: a 1 KB read costs 1 RU and a 100 KB read 10; a 1 KB write with few indexes about 5, a 100 KB write about 50.
const READ_BASE = 1;
const READ_PER_KB = 0.09;
const WRITE_BASE = 5.3;
const WRITE_PER_KB = 0.45;
const QUERY_BASE = 2.3;
const QUERY_PER_SCANNED_KB = 0.05;

const extraKilobytes = (bytes: number): number => Math.max(0, Math.ceil(bytes / 1024) - 1);
const rounded = (units: number): number => Math.round(units * 100) / 100;

/** An estimate of the request units one operation takes on a document of this size; for orientation, not for bills. */
export function itemCharge(verb: ItemVerb, bytes: number): number {
  const extra = extraKilobytes(bytes);
  return rounded(verb === 'read' ? READ_BASE + READ_PER_KB * extra : WRITE_BASE + WRITE_PER_KB * extra);
}

/** An estimate for a query by the size of the documents it looked at. */
export function queryCharge(scannedBytes: number): number {
  return rounded(QUERY_BASE + (QUERY_PER_SCANNED_KB * scannedBytes) / 1024);
}
