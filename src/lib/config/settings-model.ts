import { amount, anything, flag, int, oneOf, type SettingTable, text, url } from './rules.ts';

/** The model that summarises and reflects. */
export const modelSettings = {
  MODEL_PROVIDER: {
    rule: oneOf(['local', 'azure', 'openai', 'compatible']),
    default: '',
    absent: 'azure with AZURE_OPENAI_ENDPOINT, else compatible with OPENAI_BASE_URL, else openai with OPENAI_API_KEY, else local',
    about: 'Which model is asked; local is built in and needs no key.',
  },
  AZURE_OPENAI_ENDPOINT: {
    rule: url('https:', 'http:'),
    default: '',
    about: 'The Azure OpenAI resource; its v1 API is used.',
  },
  AZURE_OPENAI_API_KEY: {
    rule: anything,
    default: '',
    absent: 'managed identity',
    about: 'The key of that resource, where managed identity is not used.',
    secret: true,
  },
  AZURE_OPENAI_DEPLOYMENT: {
    rule: text(/^\S{1,128}$/, '1 to 128 characters without spaces'),
    default: 'gpt-5-nano',
    about: 'The deployment in Azure, or the model elsewhere when OPENAI_MODEL is empty.',
  },
  AZURE_OPENAI_SCOPE: {
    rule: url('https:'),
    default: 'https://ai.azure.com/.default',
    about: 'The token scope asked for under managed identity.',
  },
  OPENAI_API_KEY: {
    rule: anything,
    default: '',
    about: 'The key of OpenAI or of a compatible server.',
    secret: true,
  },
  OPENAI_BASE_URL: {
    rule: url('https:', 'http:'),
    default: '',
    about: 'The address of a server that speaks the OpenAI API, with its /v1.',
  },
  OPENAI_MODEL: {
    rule: text(/^\S{1,128}$/, '1 to 128 characters without spaces'),
    default: '',
    absent: 'AZURE_OPENAI_DEPLOYMENT',
    about: 'The model asked for at OpenAI or a compatible server.',
  },
  MODEL_TIMEOUT_MS: {
    rule: int(1000, 200_000),
    default: '60000',
    about: 'How long one model call may take, in milliseconds.',
  },
  MODEL_MAX_RETRIES: {
    rule: int(0, 5),
    default: '2',
    about: 'How often a failed model call is tried again at once; the job itself comes back later anyway.',
  },
  MODEL_PRICE_INPUT_PER_MILLION: {
    rule: amount,
    default: '0',
    about: 'What a million input tokens cost, in your currency, for the cost figures of jobs.',
  },
  MODEL_PRICE_OUTPUT_PER_MILLION: {
    rule: amount,
    default: '0',
    about: 'What a million output tokens cost, in your currency.',
  },
  MODEL_LOCAL_FALLBACK: {
    rule: flag,
    default: 'false',
    about: 'Whether the local model does the work that the configured one refuses, spoils or cannot be reached for.',
  },
  MODEL_BUDGET_TENANT_SOFT: {
    rule: amount,
    default: '',
    absent: 'none',
    about: 'What the model may cost a tenant in a calendar month (UTC) before answers say so, in the currency of the prices.',
  },
  MODEL_BUDGET_TENANT_HARD: {
    rule: amount,
    default: '',
    absent: 'none',
    about: 'What it may cost a tenant in a month before MODEL_OVER_BUDGET takes effect.',
  },
  MODEL_BUDGET_USER_SOFT: {
    rule: amount,
    default: '',
    absent: 'none',
    about: 'What the model may cost a user in a month before answers say so.',
  },
  MODEL_BUDGET_USER_HARD: {
    rule: amount,
    default: '',
    absent: 'none',
    about: 'What it may cost a user in a month before MODEL_OVER_BUDGET takes effect.',
  },
  MODEL_OVER_BUDGET: {
    rule: oneOf(['local', 'defer']),
    default: 'local',
    about: 'What becomes of model work over a hard budget: the local model does it, or it waits for the next month.',
  },
} as const satisfies SettingTable;

/** The model that turns texts into vectors, for search; off without one. */
export const embeddingSettings = {
  EMBEDDING_MODEL: {
    rule: text(/^\S{1,128}$/, '1 to 128 characters without spaces'),
    default: '',
    absent: 'search by words alone',
    about: 'The embedding model, in Azure its deployment, whose vectors help to find memories that say it in other words.',
  },
  EMBEDDING_DIMENSIONS: {
    rule: oneOf(['256', '384', '512', '768', '1024', '1536', '3072']),
    default: '',
    absent: "the model's own",
    about: 'How long the vectors shall be.',
  },
  EMBEDDING_BASE_URL: {
    rule: url('https:', 'http:'),
    default: '',
    absent: 'the server of the model',
    about: 'The address of the server of the embedding model, with its /v1, when it is another one.',
  },
  EMBEDDING_API_KEY: {
    rule: anything,
    default: '',
    absent: 'the key of the model; with EMBEDDING_BASE_URL none, and for a host of Azure managed identity',
    about: 'The key of that server.',
    secret: true,
  },
  EMBEDDING_PRICE_PER_MILLION: {
    rule: amount,
    default: '0',
    about: 'What a million tokens of embedded text cost, in your currency.',
  },
  EMBEDDING_WAIT_MS: {
    rule: int(50, 10_000),
    default: '1500',
    about: 'How long a search may wait for the vector of its query, in milliseconds.',
  },
} as const satisfies SettingTable;
