import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

const OK = '+OK\r\n';
const LAST_SLOT = 16_383;

/** The arrays of bulk strings in what a client sent; commands of these tests arrive whole. */
function commandsIn(bytes: string): string[][] {
  const lines = bytes.split('\r\n');
  const commands: string[][] = [];
  while (lines.length > 1) {
    const words = Number(lines.shift()?.slice(1));
    commands.push(lines.splice(0, words * 2).filter((_, index) => index % 2 === 1));
  }
  return commands;
}

/** A server that lets every user in and says yes to everything that a test does not refuse: what it was asked is what a test looks at. It is its own one-node cluster. */
export async function obligingRedis() {
  const sockets = new Set<Socket>();
  const asked: string[][] = [];
  const refusals = new Map<string, string>();

  function answer([name = '', sub = '']: string[]): string {
    const refusal = refusals.get(name);
    if (refusal) return `-${refusal}\r\n`;
    if (name === 'HELLO') return `%1\r\n${bulk('proto')}:3\r\n`;
    if (name === 'PING') return '+PONG\r\n';
    if (name === 'CLUSTER' && sub === 'SLOTS') return `*1\r\n*3\r\n:0\r\n:${LAST_SLOT}\r\n*2\r\n${bulk('127.0.0.1')}:${port}\r\n`;
    if (name === 'CLUSTER') return bulk('cluster_state:ok\r\n');
    if (name === 'INFO') return bulk('redis_version:7.4.0\r\nloading:0\r\n');
    return OK;
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      for (const [name = '', ...words] of commandsIn(bytes.toString())) {
        const command = [name.toUpperCase(), ...words];
        asked.push(command);
        socket.write(answer([command[0] ?? '', (words[0] ?? '').toUpperCase()]));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    /** What the newest command of this name was given; undefined when there was none. */
    last: (name: string) => asked.findLast(([other]) => other === name)?.slice(1),
    all: (name: string) => asked.filter(([other]) => other === name).map(([, ...words]) => words),
    connections: () => sockets.size,
    /** Answers commands of this name with an error; without one they are obliged again. */
    refuse: (name: string, error?: string) => void (error ? refusals.set(name, error) : refusals.delete(name)),
    cut,
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
