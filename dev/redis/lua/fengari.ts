import { createRequire } from 'node:module';
import { formatGeneral } from '../numbers.ts';

/** A Lua thread. Opaque: only the functions below look inside. */
export type LuaState = object;
export type LuaFunction = (L: LuaState) => number;

/** The part of Lua's C interface that is used here; fengari has it function by function, and no types. */
interface Lua {
  LUA_REGISTRYINDEX: number;
  LUA_TBOOLEAN: number;
  LUA_TLIGHTUSERDATA: number;
  LUA_TNUMBER: number;
  LUA_TSTRING: number;
  LUA_TTABLE: number;
  LUA_TNIL: number;
  lua_checkstack(L: LuaState, slots: number): boolean;
  lua_createtable(L: LuaState, items: number, fields: number): void;
  lua_error(L: LuaState): number;
  lua_getglobal(L: LuaState, name: Uint8Array): number;
  lua_gettop(L: LuaState): number;
  lua_isnil(L: LuaState, index: number): boolean;
  lua_next(L: LuaState, index: number): number;
  lua_pcall(L: LuaState, ...counts: [args: number, results: number, handler: number]): number;
  lua_pop(L: LuaState, count: number): void;
  lua_pushboolean(L: LuaState, value: boolean): void;
  lua_pushcfunction(L: LuaState, run: LuaFunction): void;
  lua_pushlightuserdata(L: LuaState, value: object): void;
  lua_pushnil(L: LuaState): void;
  lua_pushnumber(L: LuaState, value: number): void;
  lua_pushstring(L: LuaState, bytes: Uint8Array): void;
  lua_pushvalue(L: LuaState, index: number): void;
  lua_rawget(L: LuaState, index: number): number;
  lua_rawgeti(L: LuaState, index: number, at: number): number;
  lua_rawset(L: LuaState, index: number): void;
  lua_rawseti(L: LuaState, index: number, at: number): void;
  lua_setglobal(L: LuaState, name: Uint8Array): void;
  lua_settop(L: LuaState, index: number): void;
  lua_setupvalue(L: LuaState, index: number, upvalue: number): unknown;
  lua_toboolean(L: LuaState, index: number): boolean;
  lua_tonumber(L: LuaState, index: number): number;
  lua_tostring(L: LuaState, index: number): Uint8Array | null;
  lua_touserdata(L: LuaState, index: number): object | null;
  lua_type(L: LuaState, index: number): number;
}

interface LuaAuxiliary {
  luaL_newstate(): LuaState;
  luaL_loadbuffer(L: LuaState, ...chunk: [source: Uint8Array, length: null, name: Uint8Array]): number;
  luaL_ref(L: LuaState, index: number): number;
  luaL_where(L: LuaState, level: number): void;
}

interface NumberCell {
  value: number;
  ttisinteger(): boolean;
  setfltvalue(value: number): void;
}

const require = createRequire(import.meta.url);

/**
 * Fengari is Lua 5.3 with 32-bit integers: `1700000000 * 1000` would wrap around and 10 / 2 would print as 5.0. Redis runs Lua
 * 5.1, where every number is a double. Two replacements make it so: this one before fengari's other modules load, as they copy it.
 */
function printDoublesOnly(): void {
  // Fengari's own first module: the next one must not be the first, as the two need one another.
  require('fengari/src/defs.js');
  const configuration = require('fengari/src/luaconf.js') as { LUA_COMPAT_FLOATSTRING: boolean; lua_number2str: (value: number) => string };
  configuration.LUA_COMPAT_FLOATSTRING = true;
  configuration.lua_number2str = luaNumberText;

  const strings = require('fengari/src/lstring.js') as {
    luaS_hash: (text: Uint8Array) => string;
    luaS_hashlongstr: (text: LuaText) => string;
  };
  strings.luaS_hash = tableKey;
  strings.luaS_hashlongstr = (text) => {
    text.hash ??= tableKey(text.realstring);
    return text.hash;
  };
}

/** Numerals in scripts and in texts become doubles. This module can only be had with all the others. */
function readDoublesOnly(): void {
  const objects = require('fengari/src/lobject.js') as { luaO_str2num: (text: Uint8Array, into: NumberCell) => number };
  const readNumber = objects.luaO_str2num;
  objects.luaO_str2num = (text, into) => {
    const length = readNumber(text, into);
    if (length !== 0 && into.ttisinteger()) into.setfltvalue(into.value);
    return length;
  };
}

interface LuaText {
  hash: string | null;
  realstring: Uint8Array;
}

/** Fengari joins unpadded hex digits, which confuses strings that hold control characters. */
function tableKey(bytes: Uint8Array): string {
  return `|${textOf(bytes)}`;
}

function luaNumberText(value: number): string {
  return Number.isNaN(value) ? '-nan' : formatGeneral(value, 14);
}

printDoublesOnly();
const fengari = require('fengari') as { lua: Lua; lauxlib: LuaAuxiliary; lualib: { luaL_openlibs(L: LuaState): void } };
readDoublesOnly();
export const { lua, lauxlib, lualib } = fengari;

/** A binary text as the bytes that Lua takes. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** Lua's bytes as binary text, one character per byte. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
