import { formatGeneral } from '../numbers.ts';
import { Failure, type Reply } from '../reply.ts';
import { flatten } from '../resp-writer.ts';
import { bytesOf, type LuaState, lua, textOf } from './fengari.ts';

const INT64_MIN = -(2n ** 63n);
/** Deeper answers are cut off with an error, as in Redis. */
const DEEPEST = 200;

/** Fields by which a table stands for a RESP3 type. */
const RICH_TYPES = ['double', 'map', 'set', 'big_number', 'verbatim_string'];
const FIELD_NAMES = { err: bytesOf('err'), ok: bytesOf('ok'), source: bytesOf('source'), line: bytesOf('line') };

export function pushText(L: LuaState, text: string): void {
  lua.lua_pushstring(L, bytesOf(text));
}

/** Pushes a table with one field, `err` or `ok`. */
export function pushTagged(L: LuaState, tag: 'err' | 'ok', text: string): void {
  lua.lua_createtable(L, 0, 1);
  lua.lua_pushstring(L, FIELD_NAMES[tag]);
  pushText(L, text);
  lua.lua_rawset(L, -3);
}

/** Pushes an answer as a script sees it: RESP2 shapes, null as false, statuses and errors as tables. */
export function pushReply(L: LuaState, reply: Reply): void {
  if (reply === null) lua.lua_pushboolean(L, false);
  else if (typeof reply === 'string') pushText(L, reply);
  else if (typeof reply === 'number' || typeof reply === 'bigint') lua.lua_pushnumber(L, Number(reply));
  else if (Array.isArray(reply)) pushArray(L, reply);
  else if (reply instanceof Failure) pushTagged(L, 'err', reply.message);
  else if ('status' in reply) pushTagged(L, 'ok', reply.status);
  else if ('nullArray' in reply) lua.lua_pushboolean(L, false);
  else pushReply(L, flatten(reply));
}

export function pushArray(L: LuaState, items: readonly Reply[]): void {
  lua.lua_checkstack(L, 4);
  lua.lua_createtable(L, items.length, 0);
  for (const [at, item] of items.entries()) {
    pushReply(L, item);
    lua.lua_rawseti(L, -2, at + 1);
  }
}

/** Takes what a script returned from the top of the stack: numbers lose their fraction, false and nil are null, arrays end at the first nil. */
export function popReply(L: LuaState, depth = 0): Reply {
  const reply = depth > DEEPEST ? new Failure('ERR reached lua stack limit') : topReply(L, depth);
  lua.lua_pop(L, 1);
  return reply;
}

function topReply(L: LuaState, depth: number): Reply {
  switch (lua.lua_type(L, -1)) {
    case lua.LUA_TSTRING:
      return topText(L);
    case lua.LUA_TNUMBER:
      return truncated(lua.lua_tonumber(L, -1));
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(L, -1) ? 1 : null;
    case lua.LUA_TTABLE:
      return tableReply(L, depth);
    default:
      return null;
  }
}

function tableReply(L: LuaState, depth: number): Reply {
  const message = textField(L, 'err');
  if (message !== undefined) return new Failure(message);
  const status = textField(L, 'ok');
  if (status !== undefined) return { status };
  const items: Reply[] = [];
  lua.lua_checkstack(L, 4);
  for (let at = 1; ; at++) {
    lua.lua_rawgeti(L, -1, at);
    if (lua.lua_isnil(L, -1)) break;
    items.push(popReply(L, depth + 1));
  }
  lua.lua_pop(L, 1);
  return items.length === 0 && hasRichType(L)
    ? new Failure('ERR RESP3 types in the answer of a script are not known to this server')
    : items;
}

function hasRichType(L: LuaState): boolean {
  return RICH_TYPES.some((name) => {
    pushText(L, name);
    lua.lua_rawget(L, -2);
    const present = !lua.lua_isnil(L, -1);
    lua.lua_pop(L, 1);
    return present;
  });
}

/** A field of the table on top of the stack as text, when it is text or a number. */
export function textField(L: LuaState, name: keyof typeof FIELD_NAMES): string | undefined {
  lua.lua_pushstring(L, FIELD_NAMES[name]);
  lua.lua_rawget(L, -2);
  const type = lua.lua_type(L, -1);
  const text = type === lua.LUA_TSTRING || type === lua.LUA_TNUMBER ? topText(L) : undefined;
  lua.lua_pop(L, 1);
  return text;
}

/** The arguments of a call into here, as command words; undefined when one is neither text nor number. */
export function commandWords(L: LuaState): string[] | undefined {
  const words: string[] = [];
  for (let at = 1; at <= lua.lua_gettop(L); at++) {
    const type = lua.lua_type(L, at);
    if (type === lua.LUA_TNUMBER) words.push(formatGeneral(lua.lua_tonumber(L, at), 17));
    else if (type === lua.LUA_TSTRING) words.push(textAt(L, at));
    else return undefined;
  }
  return words;
}

export function textAt(L: LuaState, index: number): string {
  return textOf(lua.lua_tostring(L, index) ?? new Uint8Array());
}

function topText(L: LuaState): string {
  return textAt(L, -1);
}

/** A double as C turns it into a 64-bit integer. */
function truncated(value: number): number | bigint {
  if (Number.isSafeInteger(Math.trunc(value))) return Math.trunc(value) + 0;
  const fits = Math.abs(value) < 2 ** 63;
  return fits ? BigInt(Math.trunc(value)) : INT64_MIN;
}
