import type { Redis } from 'ioredis';

/**
 * Commands that one turn of the event loop sends to a node leave in one write. Each is still a command of its own, in its order and with
 * its own timeout; but many requests at once, or an `MGET` for each of fifty tags, cost one system call here and one there instead of
 * one a command.
 */
export function sendTogether(node: Redis): void {
  const send = node.sendCommand.bind(node);
  let held: Redis['stream'] | undefined;
  node.sendCommand = (command, stream) => {
    const socket = node.stream;
    if (socket && socket !== held) {
      held = socket;
      socket.cork();
      setImmediate(() => {
        if (held === socket) held = undefined;
        socket.uncork();
      });
    }
    return send(command, stream);
  };
}
