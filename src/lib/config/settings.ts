import type { z } from 'zod';
import type { Setting } from './rules.ts';
import { memorySettings, processingSettings, valueSettings } from './settings-memory.ts';
import { embeddingSettings, modelSettings } from './settings-model.ts';
import { redisSettings } from './settings-redis.ts';
import { platformSettings, serviceSettings } from './settings-service.ts';
import { cosmosSettings, storageSettings } from './settings-storage.ts';

/** Every setting there is, in the order of docs/configuration.md. */
export const SETTINGS = {
  ...serviceSettings,
  ...redisSettings,
  ...cosmosSettings,
  ...storageSettings,
  ...modelSettings,
  ...embeddingSettings,
  ...memorySettings,
  ...valueSettings,
  ...processingSettings,
  ...platformSettings,
};

export type SettingName = keyof typeof SETTINGS;

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

export const settingOf = (name: SettingName): Setting => SETTINGS[name];

type Parsed<S extends Setting> = S['default'] extends '' ? z.output<S['rule']['schema']> | undefined : z.output<S['rule']['schema']>;

/** The value of each setting after its rule; undefined only where there is no default. */
export type Values = { [N in SettingName]: Parsed<(typeof SETTINGS)[N]> };
