const SLOTS = 16_384;

/** The cluster slot of a key: CRC16 of its hash tag, or of the whole key (Redis cluster specification, "Key distribution model"). */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  return crc16(hashed) % SLOTS;
}

/** True when the keys of one command, script or transaction do not all hash to one slot. */
export function spansSlots(keys: readonly string[]): boolean {
  return new Set(keys.map(slotOf)).size > 1;
}

/** CRC-16/XMODEM over the bytes of a latin1 text. */
function crc16(text: string): number {
  let crc = 0;
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at) << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc & 0xffff;
}
