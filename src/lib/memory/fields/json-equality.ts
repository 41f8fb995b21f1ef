/** Whether two JSON values are the same: numbers by value, lists in order, objects whatever the order of their names. */
export function equals(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return left.length === right.length && left.every(([name, value]) => Object.hasOwn(b, name) && equals(value, Reflect.get(b, name)));
}

/** Whether all values that equal this one are written alike: only the names of an object can come in another order. */
export function hasOneText(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return true;
  const inner = Object.values(value);
  return (Array.isArray(value) || inner.length <= 1) && inner.every(hasOneText);
}
