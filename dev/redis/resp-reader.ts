const MAX_ARGUMENTS = 1024 * 1024;
const MAX_BULK_BYTES = 512 * 1024 * 1024;
const ARRAY = 0x2a;

/** The bytes do not follow the protocol: Redis says so and closes the connection. */
export class ProtocolError extends Error {}

/** Collects the bytes of one connection and yields whole commands, each a list of latin1 texts. Inline commands are understood too. */
export function commandReader() {
  let pending: Buffer = Buffer.alloc(0);

  function line(from: number): { text: string; next: number } | undefined {
    const end = pending.indexOf('\r\n', from);
    return end === -1 ? undefined : { text: pending.toString('latin1', from, end), next: end + 2 };
  }

  function inline(): { args: string[]; next: number } | undefined {
    const end = pending.indexOf('\n');
    if (end === -1) return undefined;
    const words = pending.toString('latin1', 0, end).trim().split(/\s+/);
    return { args: words.filter((word) => word !== ''), next: end + 1 };
  }

  function multibulk(): { args: string[]; next: number } | undefined {
    const header = line(1);
    if (header === undefined) return undefined;
    const count = lengthOf(header.text, { max: MAX_ARGUMENTS, complaint: 'invalid multibulk length' });
    const args: string[] = [];
    let at = header.next;
    while (args.length < count) {
      const sizeLine = line(at);
      if (sizeLine === undefined) return undefined;
      if (!sizeLine.text.startsWith('$')) throw new ProtocolError(`expected '$', got '${sizeLine.text.slice(0, 1)}'`);
      const size = lengthOf(sizeLine.text.slice(1), { max: MAX_BULK_BYTES, complaint: 'invalid bulk length' });
      const end = sizeLine.next + size;
      if (pending.length < end + 2) return undefined;
      args.push(pending.toString('latin1', sizeLine.next, end));
      at = end + 2;
    }
    return { args, next: at };
  }

  return {
    push(bytes: Buffer): void {
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    },

    /** Whether the beginning of a command has come, and its end has not. */
    isMidCommand: (): boolean => pending.length > 0,

    /** The next whole command, or undefined until more bytes come; throws ProtocolError. */
    next(): string[] | undefined {
      while (pending.length > 0) {
        const command = pending[0] === ARRAY ? multibulk() : inline();
        if (command === undefined) return undefined;
        pending = pending.subarray(command.next);
        if (command.args.length > 0) return command.args;
      }
      return undefined;
    },
  };
}

function lengthOf(text: string, { max, complaint }: { max: number; complaint: string }): number {
  const length = Number(text);
  if (!/^-?[0-9]+$/.test(text) || length > max) throw new ProtocolError(complaint);
  return Math.max(0, length);
}
