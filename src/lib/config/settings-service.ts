import { anything, int, oneOf, origins, type SettingTable, text } from './rules.ts';

/** Who may call, and how the process behaves. */
export const serviceSettings = {
  AUTH_MODE: {
    rule: oneOf(['open', 'keys']),
    default: '',
    absent: 'open in development, else no request is served',
    about: 'Who may call: anyone on this machine (open, development only), or holders of an API key (keys).',
  },
  CORS_ORIGINS: {
    rule: origins,
    default: '',
    absent: 'no foreign origin',
    about: 'Web origins whose pages may call the API from a browser.',
  },
  REQUEST_DEADLINE_MS: {
    rule: int(1000, 120_000),
    default: '10000',
    about: 'How long one request may take before it is given up, in milliseconds.',
  },
  LOG_LEVEL: {
    rule: oneOf(['debug', 'info', 'warn', 'error']),
    default: 'info',
    about: 'The least serious log line that is written.',
  },
  BREAKER_FAILURES: {
    rule: int(1, 100),
    default: '5',
    about: 'Failures in a row after which a tier is left alone for a while.',
  },
  BREAKER_RESET_SECONDS: {
    rule: int(1, 3600),
    default: '60',
    about: 'How long a tier is left alone before one call tries it again, in seconds.',
  },
  AZURE_CLIENT_ID: {
    rule: text(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'a client id (GUID)'),
    default: '',
    absent: 'the system-assigned identity',
    about: 'The user-assigned managed identity with which every Azure service is called.',
  },
  HOST: {
    rule: anything,
    default: '',
    about: 'Accepted from document 0 without effect: the Functions host decides which address it listens on.',
  },
  PORT: {
    rule: int(0, 65_535),
    default: '',
    about: 'Accepted from document 0 without effect on the service: the Functions host, or the local launcher, owns the port.',
  },
  RELOAD: {
    rule: anything,
    default: '',
    about: 'Accepted from document 0 without effect: reloading is a switch of the local launcher.',
  },
} as const satisfies SettingTable;

/** Set by the platform, read here and never in an example file. */
export const platformSettings = {
  WEBSITE_SITE_NAME: {
    rule: anything,
    default: '',
    about: 'The name of the app in Azure; its presence means that this process is deployed.',
    platform: true,
  },
  AZURE_FUNCTIONS_ENVIRONMENT: {
    rule: anything,
    default: '',
    about: 'Development on a local Functions host; only there may AUTH_MODE be open.',
    platform: true,
  },
} as const satisfies SettingTable;
