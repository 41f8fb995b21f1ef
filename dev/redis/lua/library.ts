import { createHash } from 'node:crypto';
import { VERSION } from '../instance.ts';
import { Failure, type Reply } from '../reply.ts';
import { bytesOf, type LuaFunction, type LuaState, lauxlib, lua } from './fengari.ts';
import { encodeTop, JsonError, pushDecoded, pushNull } from './json.ts';
import { commandWords, pushReply, pushTagged, pushText, textAt } from './values.ts';

/** Runs one command of the running script. */
export type Call = (words: string[]) => Reply;

/** Puts the `redis` and `cjson` tables into a fresh Lua state. */
export function installLibraries(L: LuaState, call: Call): void {
  defineTable(L, 'redis', {
    call: (state) => redisCall(state, call, { raise: true }),
    pcall: (state) => redisCall(state, call, { raise: false }),
    error_reply: errorReply,
    status_reply: statusReply,
    sha1hex,
    log: () => 0,
    replicate_commands: (state) => {
      lua.lua_pushboolean(state, true);
      return 1;
    },
  });
  setFields(L, 'redis', {
    LOG_DEBUG: 0,
    LOG_VERBOSE: 1,
    LOG_NOTICE: 2,
    LOG_WARNING: 3,
    REDIS_VERSION: VERSION,
    REDIS_VERSION_NUM: 0x07_00_0f,
  });
  defineTable(L, 'cjson', { encode, decode });
  lua.lua_getglobal(L, bytesOf('cjson'));
  pushText(L, 'null');
  pushNull(L);
  lua.lua_rawset(L, -3);
  lua.lua_pop(L, 1);
}

/** Hex SHA-1 of a binary text: the name of a script. */
export function sha1Of(text: string): string {
  return createHash('sha1').update(text, 'latin1').digest('hex');
}

function redisCall(L: LuaState, call: Call, { raise }: { raise: boolean }): number {
  const reply =
    lua.lua_gettop(L) === 0 ? new Failure('ERR Please specify at least one argument for this redis lib call') : callWith(L, call);
  lua.lua_checkstack(L, 4);
  pushReply(L, reply);
  return raise && reply instanceof Failure ? lua.lua_error(L) : 1;
}

function callWith(L: LuaState, call: Call): Reply {
  const words = commandWords(L);
  return words ? call(words) : new Failure('ERR Lua redis lib command arguments must be strings or integers');
}

function onlyText(L: LuaState): string | undefined {
  const isText = lua.lua_gettop(L) === 1 && lua.lua_type(L, 1) === lua.LUA_TSTRING;
  return isText ? textAt(L, 1) : undefined;
}

/** `CODE message` as it is; a single word gets the code `ERR`. */
function errorReply(L: LuaState): number {
  const text = onlyText(L)?.replace(/^-/, '');
  const message = text?.includes(' ') ? text : `ERR ${text ?? 'wrong number or type of arguments'}`;
  pushTagged(L, 'err', message);
  return 1;
}

function statusReply(L: LuaState): number {
  const text = onlyText(L);
  if (text === undefined) pushTagged(L, 'err', 'ERR wrong number or type of arguments');
  else pushTagged(L, 'ok', text);
  return 1;
}

function sha1hex(L: LuaState): number {
  if (lua.lua_gettop(L) !== 1) {
    pushTagged(L, 'err', 'ERR wrong number of arguments');
    return lua.lua_error(L);
  }
  pushText(L, sha1Of(textAt(L, 1)));
  return 1;
}

function encode(L: LuaState): number {
  return orScriptError(L, () => {
    lua.lua_settop(L, 1);
    pushText(L, encodeTop(L));
  });
}

function decode(L: LuaState): number {
  return orScriptError(L, () => pushDecoded(L, textAt(L, 1)));
}

function orScriptError(L: LuaState, run: () => void): number {
  try {
    run();
    return 1;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    lauxlib.luaL_where(L, 1);
    const message = textAt(L, -1) + error.message;
    pushText(L, message);
    return lua.lua_error(L);
  }
}

function defineTable(L: LuaState, name: string, functions: Record<string, LuaFunction>): void {
  lua.lua_createtable(L, 0, Object.keys(functions).length);
  for (const [field, run] of Object.entries(functions)) {
    pushText(L, field);
    lua.lua_pushcfunction(L, run);
    lua.lua_rawset(L, -3);
  }
  lua.lua_setglobal(L, bytesOf(name));
}

function setFields(L: LuaState, table: string, fields: Record<string, string | number>): void {
  lua.lua_getglobal(L, bytesOf(table));
  for (const [field, value] of Object.entries(fields)) {
    pushText(L, field);
    pushReply(L, value);
    lua.lua_rawset(L, -3);
  }
  lua.lua_pop(L, 1);
}
