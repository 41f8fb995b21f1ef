import { Failure, notAFloat, notAnInteger } from './reply.ts';

const INTEGER = /^(0|-?[1-9][0-9]*)$/;
const DECIMAL = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** Whether a 64-bit signed integer can hold it. */
export function fitsInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** A 64-bit integer, written exactly as Redis writes one (no plus sign, no spaces, no leading zeros); throws otherwise. */
export function parseInt64(text: string): bigint {
  if (!INTEGER.test(text) || text.length > 20) throw notAnInteger();
  const value = BigInt(text);
  if (!fitsInt64(value)) throw notAnInteger();
  return value;
}

/** As `parseInt64`, for counts, positions and times: exact up to 2^53. */
export function parseInteger(text: string): number {
  if (text.length <= 15 && INTEGER.test(text)) return Number(text);
  return Number(parseInt64(text));
}

/** A number of elements to take: not negative. */
export function parseCount(text: string): number {
  const isCount = INTEGER.test(text) && !text.startsWith('-');
  if (!isCount) throw new Failure('ERR value is out of range, must be positive');
  return parseInteger(text);
}

/** A float as Redis reads one, `inf` and `-inf` included; throws otherwise. */
export function parseFloat64(text: string): number {
  const infinite = INFINITE.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  if (!DECIMAL.test(text)) throw notAFloat();
  return Number(text);
}

/** C's `%.<digits>g`: scores and Lua numbers are written with 17 digits, Lua's tostring with 14. */
export function formatGeneral(value: number, digits: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value) && Math.abs(value) < 10 ** Math.min(digits, 15)) return Object.is(value, -0) ? '-0' : String(value);
  const [mantissa = '', exponentText = '0'] = value.toExponential(digits - 1).split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < digits) return withoutTrailingZeros(value.toFixed(Math.min(100, digits - 1 - exponent)));
  const sign = exponent < 0 ? '-' : '+';
  return `${withoutTrailingZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** A sum of floats as INCRBYFLOAT stores it: no exponent, no trailing zeros. Redis adds in 80 bits; 15 digits hide the difference. */
export function formatSum(value: number): string {
  const rounded = Number(value.toPrecision(15));
  const shortest = String(rounded);
  if (!shortest.includes('e')) return shortest;
  return Number.isInteger(rounded) ? BigInt(rounded).toString() : withoutTrailingZeros(rounded.toFixed(17));
}

function withoutTrailingZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
