/** Adds values that JSON.stringify, console.log and object spread do not see. An undefined value adds nothing. */
export function withSecrets<T extends object, S extends object>(target: T, secrets: S): T & S {
  for (const [name, value] of Object.entries(secrets)) {
    if (value !== undefined) Object.defineProperty(target, name, { value, enumerable: false });
  }
  return target as T & S;
}

/** Freezes an object and all it holds. */
export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
