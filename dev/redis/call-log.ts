const KEPT = 10_000;
const SHOWN_CHARACTERS = 200;
/** What a client sends when it connects, or once per script: no round trip of the program under test. */
const NOT_COUNTED = new Set(['HELLO', 'AUTH', 'CLIENT', 'INFO', 'SELECT', 'COMMAND']);

/** One command as it arrived. `at` is performance.now(); commands of one `burst` arrived before any of their replies was sent. */
export interface LoggedCall {
  name: string;
  args: string[];
  client: number;
  burst: number;
  at: number;
}

export interface CallLog {
  /** The last 10,000 commands, oldest first. */
  readonly all: readonly LoggedCall[];
  /** Number of bursts with at least one command that is not of connecting or of loading a script. */
  readonly roundTrips: number;
  count(name?: string): number;
  reset(): void;
}

/** Keeps what arrived; `record` is for the server. */
export function callLog(): CallLog & { record(call: { words: string[]; client: number; burst: number }): void } {
  let calls: LoggedCall[] = [];
  let roundTrips = 0;
  let lastCounted = new Map<number, number>();
  return {
    get all() {
      return calls.slice(-KEPT);
    },
    get roundTrips() {
      return roundTrips;
    },
    count: (name) => (name === undefined ? calls.length : calls.filter((call) => call.name === name.toUpperCase()).length),
    reset() {
      calls = [];
      roundTrips = 0;
      lastCounted = new Map();
    },
    record({ words: [word = '', ...rest], client, burst }) {
      const name = word.toUpperCase();
      calls.push({ name, args: rest.map(shown), client, burst, at: performance.now() });
      if (calls.length > KEPT * 2) calls = calls.slice(-KEPT);
      if (!isCounted(name, rest) || lastCounted.get(client) === burst) return;
      roundTrips++;
      lastCounted.set(client, burst);
    },
  };
}

function isCounted(name: string, [subcommand = '']: string[]): boolean {
  if (name === 'SCRIPT') return subcommand.toUpperCase() !== 'LOAD';
  return !NOT_COUNTED.has(name);
}

function shown(argument: string): string {
  return readable(argument.slice(0, SHOWN_CHARACTERS * 4)).slice(0, SHOWN_CHARACTERS);
}

/** The bytes as UTF-8 when they are that, else one character per byte. A character cut at the end does not count. */
export function readable(argument: string): string {
  const text = Buffer.from(argument, 'latin1')
    .toString('utf8')
    .replace(/\ufffd+$/, '');
  return text.includes('\ufffd') ? argument : text;
}
