import { formatGeneral } from '../numbers.ts';
import { bytesOf, type LuaState, lua } from './fengari.ts';
import { pushText, textAt } from './values.ts';

const DEEPEST = 1000;
/** A table is written as an array unless more than half of more than this many places are empty (cjson's defaults). */
const SPARSE_SAFE = 10;
const NULL = { cjson: 'null' };
const ESCAPES: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** What cannot be turned into JSON, or is not JSON; its message goes to the script. */
export class JsonError extends Error {}

export function pushNull(L: LuaState): void {
  lua.lua_pushlightuserdata(L, NULL);
}

/** The value on top of the stack as JSON, as cjson writes it: empty tables are objects, numbers have 14 digits, bytes above 127 pass through. */
export function encodeTop(L: LuaState, depth = 0): string {
  switch (lua.lua_type(L, -1)) {
    case lua.LUA_TSTRING:
      return quoted(textAt(L, -1));
    case lua.LUA_TNUMBER:
      return numberText(lua.lua_tonumber(L, -1));
    case lua.LUA_TBOOLEAN:
      return String(lua.lua_toboolean(L, -1));
    case lua.LUA_TNIL:
      return 'null';
    case lua.LUA_TTABLE:
      return encodeTable(L, depth + 1);
    case lua.LUA_TLIGHTUSERDATA:
      if (lua.lua_touserdata(L, -1) === NULL) return 'null';
      throw new JsonError('Cannot serialise userdata: type not supported');
    default:
      throw new JsonError('Cannot serialise function: type not supported');
  }
}

function encodeTable(L: LuaState, depth: number): string {
  if (depth > DEEPEST) throw new JsonError(`Cannot serialise, excessive depth (${depth})`);
  lua.lua_checkstack(L, 6);
  const length = arrayLength(L);
  if (length === undefined) return encodeObject(L, depth);
  const items: string[] = [];
  for (let at = 1; at <= length; at++) {
    lua.lua_rawgeti(L, -1, at);
    items.push(encodeTop(L, depth));
    lua.lua_pop(L, 1);
  }
  return `[${items.join(',')}]`;
}

/** The highest index when every key is a positive whole number; undefined for an object. */
function arrayLength(L: LuaState): number | undefined {
  let highest = 0;
  let items = 0;
  lua.lua_pushnil(L);
  while (lua.lua_next(L, -2)) {
    lua.lua_pop(L, 1);
    const key = lua.lua_type(L, -1) === lua.LUA_TNUMBER ? lua.lua_tonumber(L, -1) : 0;
    if (key < 1 || !Number.isInteger(key)) {
      lua.lua_pop(L, 1);
      return undefined;
    }
    highest = Math.max(highest, key);
    items++;
  }
  if (highest > SPARSE_SAFE && highest > items * 2) throw new JsonError('Cannot serialise table: excessively sparse array');
  return items === 0 ? undefined : highest;
}

function encodeObject(L: LuaState, depth: number): string {
  const members: string[] = [];
  lua.lua_pushnil(L);
  while (lua.lua_next(L, -2)) {
    const value = encodeTop(L, depth);
    lua.lua_pop(L, 1);
    members.push(`${encodeKey(L)}:${value}`);
  }
  return `{${members.join(',')}}`;
}

function encodeKey(L: LuaState): string {
  const type = lua.lua_type(L, -1);
  if (type === lua.LUA_TSTRING) return quoted(textAt(L, -1));
  if (type === lua.LUA_TNUMBER) return `"${numberText(lua.lua_tonumber(L, -1))}"`;
  throw new JsonError('Cannot serialise table: table key must be a number or string');
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new JsonError('Cannot serialise number: must not be NaN or Inf');
  return formatGeneral(value, 14);
}

function quoted(text: string): string {
  const escaped = text.replace(/["\\/\x00-\x1f\x7f]/g, (sign) => ESCAPES[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${escaped}"`;
}

/** Pushes what a JSON text (bytes as latin1) stands for. */
export function pushDecoded(L: LuaState, json: string): void {
  let value: unknown;
  try {
    value = JSON.parse(withoutEscapedUnicode(json));
  } catch (error) {
    throw new JsonError(`Expected value but found invalid token: ${error instanceof Error ? error.message : String(error)}`);
  }
  pushJson(L, value);
}

/** Writes `\u00e9` as its UTF-8 bytes, so that the text is bytes throughout. */
function withoutEscapedUnicode(json: string): string {
  return json.replace(/\\(?:u([0-9a-f]{4})(?:\\u(d[c-f][0-9a-f]{2}))?|.)/gis, (written, unit?: string, low?: string) => {
    const code = unit === undefined ? 0 : Number.parseInt(unit, 16);
    if (code < 0x80) return written;
    const pair = low === undefined ? [code] : [code, Number.parseInt(low, 16)];
    return Buffer.from(String.fromCharCode(...pair), 'utf8').toString('latin1');
  });
}

function pushJson(L: LuaState, value: unknown): void {
  lua.lua_checkstack(L, 6);
  if (typeof value === 'string') pushText(L, value);
  else if (typeof value === 'number') lua.lua_pushnumber(L, value);
  else if (typeof value === 'boolean') lua.lua_pushboolean(L, value);
  else if (Array.isArray(value)) {
    lua.lua_createtable(L, value.length, 0);
    for (const [at, item] of value.entries()) {
      pushJson(L, item);
      lua.lua_rawseti(L, -2, at + 1);
    }
  } else if (typeof value === 'object' && value !== null) {
    lua.lua_createtable(L, 0, 4);
    for (const [name, member] of Object.entries(value)) {
      lua.lua_pushstring(L, bytesOf(name));
      pushJson(L, member);
      lua.lua_rawset(L, -3);
    }
  } else pushNull(L);
}
