import type { Hooks, InvocationScope, UserLog } from './hooks.ts';

export interface Log {
  /** A line about the host itself. */
  host(line: string): void;
  /** A line that only `--verbose` shows. */
  detail(line: () => string): void;
  /** Something that a developer should know, shown always. Log hooks see it. */
  warn(message: string): void;
  /** A failure, shown always. Log hooks see it. */
  problem(message: string): void;
  /** A line of an invocation or of the library; log hooks see it, and may change it when it is the app's own. */
  invocation(log: UserLog, source?: { functionName: string; scope?: InvocationScope }): void;
}

interface LogOptions {
  isQuiet: boolean;
  isVerbose: boolean;
}

const DETAILED = new Set(['trace', 'debug']);

/** Writes to stdout, errors to stderr. Quiet: only warnings and errors. Verbose: the host's details too. */
export function createLog(hooks: Hooks, { isQuiet, isVerbose }: LogOptions): Log {
  const write = (level: string, line: string) => {
    const isProblem = level === 'error' || level === 'critical';
    if (isQuiet && !isProblem && level !== 'warning') return;
    (isProblem ? process.stderr : process.stdout).write(`${line}\n`);
  };
  const log: Log = {
    host: (line) => write('information', line),
    detail(line) {
      if (isVerbose) write('information', `[${new Date().toISOString()}] ${line()}`);
    },
    warn: (message) => log.invocation({ level: 'warning', category: 'system', message }),
    problem: (message) => log.invocation({ level: 'error', category: 'system', message }),
    invocation(entry, source) {
      const { level, message, category } = hooks.has('log') ? throughHooks(hooks, entry, source?.scope) : entry;
      if (level === 'none' || (category === 'system' && DETAILED.has(level) && !isVerbose)) return;
      const origin = source ? `[${source.functionName}] ` : '';
      const label = level === 'information' ? '' : `${level}: `;
      write(level, `[${new Date().toISOString()}] ${origin}${label}${message}`);
    },
  };
  return log;
}

function throughHooks(hooks: Hooks, entry: UserLog, scope: InvocationScope | undefined): UserLog {
  const context = hooks.logContext(entry, scope);
  try {
    hooks.runLog(context);
  } catch {
    return entry; // A failing hook must not swallow the line.
  }
  return entry.category === 'user' ? context : entry;
}
