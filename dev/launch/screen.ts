import type { TierLine } from './tiers.ts';

interface Screen {
  url: string;
  host: string;
  tiers: TierLine[];
  model: string;
  data: string;
  /** Milliseconds from start to ready. */
  took: number;
}

const COLUMN = 12;

const row = (name: string, text: string) => `  ${name.padEnd(COLUMN)}${text}`;

/** The one screen that `npm start` prints when everything runs. */
export function readyScreen({ url, host, tiers, model, data, took }: Screen): string {
  return [
    '',
    `Keepsake is ready at ${url}/api (${(took / 1000).toFixed(1)} s)`,
    '',
    row('Host', host),
    ...tiers.map(({ tier, by }) => row(tier, by)),
    row('Model', model),
    row('Data', data),
    '',
    'Try it:',
    `  ${storeCommand(url)}`,
    '',
    'Ctrl+C stops everything; the data stays. npm start -- --reset begins anew, --help lists the rest.',
    '',
  ].join('\n');
}

const FIRST_TURN = {
  user_id: 'ada',
  session_id: 'first',
  user_message: 'I sail every weekend.',
  agent_message: 'Where do you sail?',
};

const storeCommand = (url: string) =>
  `curl -s ${url}/api/memory/store -H 'content-type: application/json' -d '${JSON.stringify(FIRST_TURN)}'`;

/** What `npm run services` prints: the settings for an app that is started by hand. */
export function servicesScreen(tiers: TierLine[], { settings, written }: { settings: Record<string, string>; written?: string }): string {
  const values = JSON.stringify({ IsEncrypted: false, Values: settings }, null, 2);
  const note = written
    ? `These settings are now in ${written}:`
    : 'local.settings.json for "npm run build && func start" (--write puts it there):';
  return [
    '',
    'The tiers run:',
    '',
    ...tiers.map(({ tier, by }) => row(tier, by)),
    '',
    note,
    '',
    values,
    '',
    'Ctrl+C stops them; the data stays.',
    '',
  ].join('\n');
}
