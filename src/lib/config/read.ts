import { z } from 'zod';
import type { WrongSetting } from './error.ts';
import { SETTING_NAMES, type SettingName, settingOf, type Values } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment after the table's rules, and what was found wrong or odd on the way to a Config. */
export interface Reading {
  values: Values;
  wrong: WrongSetting[];
  warnings: string[];
  /** Whether the setting says more than its own default. */
  given: (name: SettingName) => boolean;
  /** Stops the start for a reason that involves more than one setting. */
  refuse: (name: SettingName, rule: string) => void;
  /** The first of two names for one thing; a differing second one is a warning. */
  firstOf: <A extends SettingName, B extends SettingName>(first: A, second: B) => Values[A] | Values[B];
}

const ruleOf = (name: SettingName) => {
  const { rule, default: fallback } = settingOf(name);
  const absent = z.literal('').transform(() => undefined);
  return fallback === '' ? absent.or(rule.schema) : rule.schema;
};

/** A connection string or an address with a password, pasted where neither belongs. */
const HOLDS_SECRET = /(key|sig|signature|password|secret|token)=|\/\/[^/]*@/i;

const environmentSchema = z.object(Object.fromEntries(SETTING_NAMES.map((name) => [name, ruleOf(name)])));

/** Reads every known setting; an absent, empty or blank one takes its default. */
export function readSettings(env: Environment): Reading {
  const wrong: WrongSetting[] = [];
  const warnings: string[] = [];
  const isWrong = (name: SettingName) => wrong.some((other) => other.name === name);
  const textOf = (name: SettingName) => (env[name] ?? '').trim();

  const seen = (name: SettingName) => {
    const value = textOf(name);
    if (value === '') return 'nothing';
    return settingOf(name).secret || HOLDS_SECRET.test(value) ? '***' : JSON.stringify(value);
  };
  const refuse = (name: SettingName, rule: string) => {
    if (!isWrong(name)) wrong.push({ name, rule, seen: seen(name) });
  };

  /** Wrong settings are read as absent, so that one start reports everything there is to report. */
  const input = () => Object.fromEntries(SETTING_NAMES.map((name) => [name, (!isWrong(name) && textOf(name)) || settingOf(name).default]));
  for (const { path } of environmentSchema.safeParse(input()).error?.issues ?? []) {
    const name = path[0] as SettingName;
    refuse(name, `must be ${settingOf(name).rule.says}`);
  }
  const values = environmentSchema.parse(input()) as Values;

  const given = (name: SettingName) => textOf(name) !== '' && textOf(name) !== settingOf(name).default;
  const firstOf: Reading['firstOf'] = (first, second) => {
    if (textOf(first) === '') return values[second] ?? values[first];
    const differs = textOf(second) !== '' && String(values[second]) !== String(values[first]);
    if (differs) warnings.push(`${second} is ignored: ${first} is set, to something else`);
    return values[first];
  };
  return { values, wrong, warnings, given, refuse, firstOf };
}

/** Where this process runs. */
export interface Deployment {
  readonly azure: boolean;
  readonly development: boolean;
}
export function deploymentOf({ values }: Reading): Deployment {
  const azure = values.WEBSITE_SITE_NAME !== undefined;
  return { azure, development: !azure && values.AZURE_FUNCTIONS_ENVIRONMENT === 'Development' };
}
