import { z } from 'zod';
import { readJsonFile } from './json-file.ts';
import { parseTimeSpan } from './timespan.ts';

const DEFAULT_TIMEOUT = '00:30:00';
const NO_TIMEOUT = '00:00:00';

const timeSpan = z.string().transform((text, context) => {
  try {
    return parseTimeSpan(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

// The defaults and ranges are those of the storage queue extension, version 5.
const QueueSettings = z.object({
  batchSize: z.int().min(1).max(32).default(16),
  newBatchThreshold: z.int().min(0).optional(),
  maxDequeueCount: z.int().min(1).default(5),
  visibilityTimeout: timeSpan.default(0),
  maxPollingInterval: timeSpan.optional(),
  messageEncoding: z
    .string()
    .transform((name) => name.toLowerCase())
    .pipe(z.enum(['base64', 'none']))
    .default('base64'),
});

const HostJson = z.object({
  version: z.literal('2.0'),
  functionTimeout: z.preprocess((text) => (text === '-1' ? NO_TIMEOUT : text), timeSpan.prefault(DEFAULT_TIMEOUT)),
  functions: z.array(z.string()).optional(),
  extensions: z
    .object({
      http: z.object({ routePrefix: z.string().default('api') }).prefault({}),
      queues: QueueSettings.prefault({}),
    })
    .prefault({}),
});

// Locally an idle queue is looked at every two seconds; in Azure the default is a minute.
const LOCAL_MAX_POLLING_MS = 2000;

export type HostSettings = ReturnType<typeof readHostSettings>;
export type QueueOptions = HostSettings['queues'];

/** host.json with its defaults; times in milliseconds, a timeout of 0 means none. Throws on what the real host refuses. */
export function readHostSettings(root: string) {
  const parsed = HostJson.safeParse(readJsonFile(root, 'host.json') ?? { version: '2.0' });
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `host.json ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(issues.join('\n'));
  }
  const { functionTimeout, functions, extensions } = parsed.data;
  const { batchSize, newBatchThreshold, maxPollingInterval, ...queues } = extensions.queues;
  return {
    functionTimeoutMs: functionTimeout,
    onlyFunctions: functions?.map((name) => name.toLowerCase()),
    routePrefix: extensions.http.routePrefix.replace(/^\/+|\/+$/g, ''),
    queues: {
      batchSize,
      newBatchThreshold: newBatchThreshold ?? Math.floor(batchSize / 2),
      maxPollingIntervalMs: maxPollingInterval ?? LOCAL_MAX_POLLING_MS,
      maxDequeueCount: queues.maxDequeueCount,
      visibilityTimeoutMs: queues.visibilityTimeout,
      isBase64: queues.messageEncoding === 'base64',
    },
  };
}
