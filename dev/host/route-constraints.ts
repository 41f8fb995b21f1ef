type Constraint = (value: string, ...args: string[]) => boolean;

const isNumber = (value: string) => /^[+-]?\d+(\.\d+)?$/.test(value);
const isWithin = (value: string, bits: bigint) => {
  if (!/^[+-]?\d+$/.test(value)) return false;
  const number = BigInt(value.replace('+', ''));
  return number >= -(2n ** (bits - 1n)) && number < 2n ** (bits - 1n);
};

// ASP.NET Core's inline route constraints.
const CONSTRAINTS: Record<string, Constraint> = {
  int: (value) => isWithin(value, 32n),
  long: (value) => isWithin(value, 64n),
  bool: (value) => /^(true|false)$/i.test(value),
  decimal: isNumber,
  double: isNumber,
  float: isNumber,
  guid: (value) => /^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value),
  alpha: (value) => /^[a-z]*$/i.test(value),
  datetime: (value) => !Number.isNaN(Date.parse(value)),
  required: (value) => value !== '',
  length: (value, min = '0', max = min) => value.length >= Number(min) && value.length <= Number(max),
  minlength: (value, min) => value.length >= Number(min),
  maxlength: (value, max) => value.length <= Number(max),
  min: (value, min) => isWithin(value, 64n) && Number(value) >= Number(min),
  max: (value, max) => isWithin(value, 64n) && Number(value) <= Number(max),
  range: (value, min, max) => isWithin(value, 64n) && Number(value) >= Number(min) && Number(value) <= Number(max),
};

/** The test that a constraint such as `int`, `length(1,5)` or `regex(^a)` stands for. Throws on an unknown one. */
export function parseConstraint(text: string): (value: string) => boolean {
  const [, name = '', inner] = /^([a-z]+)(?:\((.*)\))?$/i.exec(text) ?? [];
  if (name === 'regex' && inner !== undefined) {
    const pattern = new RegExp(inner.replaceAll('{{', '{').replaceAll('}}', '}'), 'i');
    return (value) => pattern.test(value);
  }
  const constraint = CONSTRAINTS[name.toLowerCase()];
  if (!constraint) throw new Error(`The constraint '${text}' is not known.`);
  const args = inner === undefined ? [] : inner.split(',').map((arg) => arg.trim());
  return (value) => constraint(value, ...args);
}
