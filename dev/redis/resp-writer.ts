import { formatGeneral } from './numbers.ts';
import { Failure, type Reply } from './reply.ts';

/** A reply on the wire, as latin1 text: RESP3 has its own types for null, doubles, maps and sets; RESP2 gets the older forms. */
export function encodeReply(reply: Reply, protocol: 2 | 3): string {
  if (reply === null) return protocol === 3 ? '_\r\n' : '$-1\r\n';
  if (typeof reply === 'string') return bulk(reply);
  if (typeof reply === 'number' || typeof reply === 'bigint') return `:${reply}\r\n`;
  if (Array.isArray(reply)) return array('*', reply, protocol);
  if (reply instanceof Failure) return `-${oneLine(reply.message)}\r\n`;
  if ('status' in reply) return `+${oneLine(reply.status)}\r\n`;
  if ('nullArray' in reply) return protocol === 3 ? '_\r\n' : '*-1\r\n';
  return protocol === 3 ? encodeRich(reply) : encodeReply(flatten(reply), 2);
}

type Rich = Extract<Reply, { double: number } | { verbatim: string } | { pairs: unknown } | { set: unknown } | { scored: unknown }>;

function encodeRich(reply: Rich): string {
  if ('double' in reply) return `,${formatGeneral(reply.double, 17)}\r\n`;
  if ('verbatim' in reply) return `=${reply.verbatim.length + 4}\r\ntxt:${reply.verbatim}\r\n`;
  if ('set' in reply) return array('~', reply.set, 3);
  if ('scored' in reply)
    return array(
      '*',
      reply.scored.map(([member, score]) => [member, { double: score }]),
      3,
    );
  return `%${reply.pairs.length}\r\n${reply.pairs.map(([name, value]) => bulk(name) + encodeReply(value, 3)).join('')}`;
}

/** The RESP2 form, which is also what a Lua script sees. */
export function flatten(reply: Rich): Reply {
  if ('double' in reply) return formatGeneral(reply.double, 17);
  if ('verbatim' in reply) return reply.verbatim;
  if ('set' in reply) return reply.set;
  if ('scored' in reply) return reply.scored.flatMap(([member, score]) => [member, formatGeneral(score, 17)]);
  return reply.pairs.flat();
}

function array(sign: string, items: readonly Reply[], protocol: 2 | 3): string {
  let text = `${sign}${items.length}\r\n`;
  for (const item of items) text += encodeReply(item, protocol);
  return text;
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/** A line break inside a status or an error would break the protocol. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
