import type { Socket } from 'node:net';
import { type callLog, readable } from './call-log.ts';
import { newClient, unwatch } from './client.ts';
import { breakTransaction, dispatch } from './dispatch.ts';
import type { FaultBook, FaultCall, FaultHit } from './faults.ts';
import type { Instance } from './instance.ts';
import { Failure, type Reply } from './reply.ts';
import { commandReader, ProtocolError } from './resp-reader.ts';
import { encodeReply } from './resp-writer.ts';

/** A client that is still writing a command gets its earlier answers after it, or after this time: a large pipeline is one burst. */
const MID_COMMAND_PATIENCE_MS = 20;

interface Surroundings {
  instance: Instance;
  faults: FaultBook;
  calls: ReturnType<typeof callLog>;
  /** A number for a client or a burst, never given twice. */
  nextId: () => number;
  /** Answers wait until nothing has come for so long. */
  quietMs: number;
}

/**
 * Serves one connection. Commands run in their order, one at a time; a command held by a fault holds back those behind it, on this
 * connection only. Answers leave together at the end of a turn of the event loop, so that commands written together stay one burst.
 */
export function serve(socket: Socket, { instance, faults, calls, nextId, quietMs }: Surroundings): void {
  const client = newClient(nextId(), {
    address: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`,
    authenticated: instance.credentials === undefined,
  });
  const reader = commandReader();
  const arrived: string[][] = [];
  const closed = Promise.withResolvers<void>();
  let output = '';
  let flushing: 'no' | 'soon' | 'when-quiet' = 'no';
  let patience: NodeJS.Timeout | undefined;
  let held = false;
  let burst = 0;
  let burstOpen = false;

  instance.clients.set(client.id, client);
  socket.setNoDelay(true);
  socket.on('data', receive);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    instance.clients.delete(client.id);
    unwatch(client);
    closed.resolve();
  });

  function receive(bytes: Buffer): void {
    reader.push(bytes);
    try {
      for (let words = reader.next(); words !== undefined; words = reader.next()) {
        if (!burstOpen) burst = nextId();
        burstOpen = true;
        calls.record({ words, client: client.id, burst });
        arrived.push(words);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      answer(new Failure(`ERR Protocol error: ${error.message}`));
      hangUp('');
    }
    if (flushing === 'when-quiet') {
      clearTimeout(patience);
      flushSoon();
    }
    work();
  }

  function work(): void {
    while (!held && !socket.destroyed && !client.leaving) {
      const words = arrived.shift();
      if (words === undefined) return;
      const hit = faults.hit(() => describe(words));
      if (hit === undefined) answer(dispatch(instance, client, words));
      else void suffer(words, hit);
    }
  }

  async function suffer(words: string[], { action, released }: FaultHit): Promise<void> {
    held = true;
    if ('error' in action) {
      breakTransaction(client);
      answer(new Failure(action.error));
    } else if ('delayMs' in action) {
      await until(new Promise((resolve) => setTimeout(resolve, action.delayMs)));
      if (!socket.destroyed) answer(dispatch(instance, client, words));
    } else if ('hang' in action && action.hang === 'after') {
      const reply = dispatch(instance, client, words);
      await until(released);
      if (!socket.destroyed) answer(reply);
    } else if ('hang' in action) {
      await until(released);
      if (!socket.destroyed) answer(dispatch(instance, client, words));
    } else dropConnection(words, action.drop);
    held = false;
    work();
  }

  function until(event: Promise<unknown>): Promise<unknown> {
    return Promise.race([event, closed.promise]);
  }

  function dropConnection(words: string[], when: 'before' | 'after' | 'mid-reply'): void {
    const reply = when === 'before' ? '' : encodeReply(dispatch(instance, client, words), client.protocol);
    hangUp(when === 'mid-reply' ? reply.slice(0, Math.ceil(reply.length / 2)) : '');
  }

  function answer(reply: Reply): void {
    output += encodeReply(reply, client.protocol);
    if (client.leaving) hangUp('');
    if (flushing === 'no') flushSoon();
  }

  function flushSoon(): void {
    flushing = 'soon';
    setImmediate(() => {
      const wait = reader.isMidCommand() ? MID_COMMAND_PATIENCE_MS : quietMs;
      if (wait === 0) return flush();
      flushing = 'when-quiet';
      patience = setTimeout(flush, wait);
    });
  }

  function flush(): void {
    flushing = 'no';
    if (output === '' || socket.destroyed) return;
    burstOpen = false;
    const text = output;
    output = '';
    socket.write(text, 'latin1');
  }

  /** Sends what is still to be sent and these last bytes, then cuts the connection. */
  function hangUp(lastBytes: string): void {
    client.leaving = true;
    const text = output + lastBytes;
    output = '';
    if (text === '') socket.destroy();
    else socket.write(text, 'latin1', () => socket.destroy());
  }

  function describe([name = '', ...args]: string[]): FaultCall {
    const script = scriptOf(instance, name.toUpperCase(), args);
    return { name: name.toUpperCase(), args: args.map(readable), script: script === undefined ? undefined : readable(script) };
  }
}

function scriptOf({ scripts }: Instance, name: string, [first = '']: string[]): string | undefined {
  if (name === 'EVAL' || name === 'EVAL_RO') return first;
  return name === 'EVALSHA' || name === 'EVALSHA_RO' ? scripts.source(first.toLowerCase()) : undefined;
}
