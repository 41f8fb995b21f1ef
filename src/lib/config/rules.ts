import { z } from 'zod';

/** What a value must look like: a schema for the text of an environment variable, and the same in words. */
export interface Rule<T = unknown> {
  says: string;
  schema: z.ZodType<T, string>;
}

/** One row of the table of settings. */
export interface Setting {
  rule: Rule;
  /** The text that stands for an absent or empty value; '' when there is none. */
  default: string;
  /** What an absent value means where that depends on other settings. */
  absent?: string;
  /** One sentence on what it does, repeated in docs/configuration.md. */
  about: string;
  /** Never printed, logged or enumerated. */
  secret?: true;
  /** Set by Azure or the Functions host, so it is in no example file. */
  platform?: true;
}

export type SettingTable = Readonly<Record<string, Setting>>;

/** A whole number within bounds, both included. */
export const int = (least: number, most: number): Rule<number> => ({
  says: `a whole number from ${least} to ${most}`,
  schema: z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(least).max(most)),
});

/** A decimal number, zero or more. */
export const amount: Rule<number> = {
  says: 'a number of 0 or more, such as 0.25',
  schema: z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number),
};

/** `True` and `1` too: the documents' own configuration accepts them. */
export const flag: Rule<boolean> = {
  says: 'true or false',
  schema: z
    .string()
    .regex(/^(true|false|1|0)$/i)
    .transform((value) => value === '1' || value.toLowerCase() === 'true'),
};

export const oneOf = <const T extends readonly string[]>(words: T): Rule<T[number]> => ({
  says: `one of ${words.join(', ')}`,
  schema: z.enum(words) as z.ZodType<T[number], string>,
});

/** A number of seconds or hours that a cron expression can say without drifting. */
export const step = (values: readonly number[]): Rule<number> => ({
  says: `one of ${values.join(', ')}`,
  schema: z.enum(values.map(String)).transform(Number),
});

export const text = (pattern: RegExp, says: string): Rule<string> => ({ says, schema: z.string().regex(pattern) });

export const anything: Rule<string> = { says: 'any text', schema: z.string() };

const urlOf = (value: string, schemes: readonly string[]): URL | undefined => {
  const url = URL.parse(value);
  return url && schemes.includes(url.protocol) && url.hostname !== '' ? url : undefined;
};

const startingWith = (schemes: readonly string[]) => `a URL starting with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`;

/** An address with one of these schemes, and neither user nor password: what is no secret may be printed. */
export const url = (...schemes: string[]): Rule<string> => ({
  says: `${startingWith(schemes)}, without user or password`,
  schema: z.string().refine((value) => {
    const parsed = urlOf(value, schemes);
    return parsed !== undefined && parsed.username === '' && parsed.password === '';
  }),
});

/** An address that may hold a password; its setting is a secret. */
export const secretUrl = (...schemes: string[]): Rule<string> => ({
  says: startingWith(schemes),
  schema: z.string().refine((value) => urlOf(value, schemes) !== undefined),
});

const isOrigin = (value: string): boolean => {
  const parsed = urlOf(value, ['http:', 'https:']);
  return parsed !== undefined && parsed.href === `${parsed.origin}/`;
};

const listOf = (value: string) => value.split(',').map((part) => part.trim());

/** Browser origins, comma-separated; a wildcard is refused, because it would open an open-mode service to every page. */
export const origins: Rule<string[]> = {
  says: 'origins such as https://app.example.com, separated by commas',
  schema: z
    .string()
    .transform(listOf)
    .refine((list) => list.every(isOrigin))
    .transform((list) => list.map((origin) => new URL(origin).origin)),
};
