import { once } from 'node:events';
import { connect } from 'node:net';

export type Address = { port: number; host: '127.0.0.1' } | { path: string };
export type WireClient = Awaited<ReturnType<typeof wireClient>>;

/** A connection that sends plain commands and gives each answer back as it stands on the wire, in latin1. */
export async function wireClient(address: Address) {
  const socket = connect(address);
  await once(socket, 'connect');
  let received = '';
  let ended = false;
  let wake = () => {};
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    ended = true;
    wake();
  });

  async function reply(): Promise<string> {
    for (;;) {
      const end = endOfReply(received, 0);
      if (end !== undefined) {
        const text = received.slice(0, end);
        received = received.slice(end);
        return text;
      }
      if (ended) return `${received}(closed)`;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    /** Sends one command and waits for its answer. */
    send(...words: (string | number)[]): Promise<string> {
      socket.write(encode(words.map(String)), 'latin1');
      return reply();
    },
    /** Sends bytes as they are. */
    sendRaw(bytes: string): Promise<string> {
      socket.write(bytes, 'latin1');
      return reply();
    },
    close: () => socket.destroy(),
  };
}

function encode(words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

/** Where the answer that starts at `from` ends, or undefined while it is not complete. */
function endOfReply(text: string, from: number): number | undefined {
  const lineEnd = text.indexOf('\r\n', from);
  if (lineEnd === -1) return undefined;
  const next = lineEnd + 2;
  const kind = text.charAt(from);
  const length = Number(text.slice(from + 1, lineEnd));
  if ('$='.includes(kind)) return length < 0 ? next : complete(text, next + length + 2);
  if (!'*~%>'.includes(kind) || length < 0) return next;
  let at: number | undefined = next;
  for (let item = 0; item < length * (kind === '%' ? 2 : 1) && at !== undefined; item++) at = endOfReply(text, at);
  return at;
}

function complete(text: string, end: number): number | undefined {
  return end <= text.length ? end : undefined;
}
