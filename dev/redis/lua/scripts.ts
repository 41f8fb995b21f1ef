import type { Context } from '../command.ts';
import { callFromScript } from '../dispatch.ts';
import { Failure, type Reply } from '../reply.ts';
import { bytesOf, type LuaState, lauxlib, lua, lualib } from './fengari.ts';
import { installLibraries, sha1Of } from './library.ts';
import { refuseLaterLua } from './lua51.ts';
import { PRELUDE } from './prelude.ts';
import { popReply, pushArray, textAt, textField } from './values.ts';

/** A script as it is called: on whose behalf, with which keys and arguments, and whether it may write. */
export interface ScriptCall {
  context: Context;
  keys: string[];
  argv: string[];
  readOnly: boolean;
  /** It has called a command that writes. */
  hasWritten?: boolean;
}

export type Scripts = ReturnType<typeof scriptCache>;

const CHUNK_NAME = bytesOf('@user_script');
const KEYS = bytesOf('KEYS');
const ARGV = bytesOf('ARGV');

/** The known scripts, by SHA-1 of their text. One Lua state runs them all; each is compiled once. */
export function scriptCache() {
  const sources = new Map<string, string>();
  const compiled = new Map<string, number>();
  let machine: Machine | undefined;

  return {
    /** Compiles the script if it is new and answers its SHA-1; throws when it does not compile. */
    add(source: string): string {
      const sha = sha1Of(source);
      if (sources.has(sha)) return sha;
      machine ??= startMachine();
      compiled.set(sha, machine.compile(source));
      sources.set(sha, source);
      return sha;
    },
    has: (sha: string): boolean => sources.has(sha),
    source: (sha: string): string | undefined => sources.get(sha),
    run(sha: string, call: ScriptCall): Reply {
      const reference = compiled.get(sha);
      if (reference === undefined || machine === undefined) throw new Failure('NOSCRIPT No matching script. Please use EVAL.');
      return machine.run(reference, { ...call, sha });
    },
    clear(): void {
      sources.clear();
      compiled.clear();
      machine = undefined;
    },
  };
}

type Machine = ReturnType<typeof startMachine>;

function startMachine() {
  const L = lauxlib.luaL_newstate();
  let running: ScriptCall | undefined;
  lualib.luaL_openlibs(L);
  installLibraries(L, (words) => (running ? callFromScript(running, words) : new Failure('ERR no script is running')));
  const { environment, onError } = runPrelude(L);

  return {
    /** A reference to the compiled function, bound to the environment of scripts. */
    compile(source: string): number {
      refuseLaterLua(source);
      if (source.startsWith('#!')) throw new Failure('ERR script flags (#!) are not known to this server');
      if (lauxlib.luaL_loadbuffer(L, bytesOf(source), null, CHUNK_NAME) !== 0) {
        const problem = textAt(L, -1);
        lua.lua_settop(L, 0);
        throw new Failure(`ERR Error compiling script (new function): ${problem}`);
      }
      lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, environment);
      lua.lua_setupvalue(L, -2, 1);
      return lauxlib.luaL_ref(L, lua.LUA_REGISTRYINDEX);
    },

    run(reference: number, call: ScriptCall & { sha: string }): Reply {
      running = call;
      try {
        pushArray(L, call.keys);
        lua.lua_setglobal(L, KEYS);
        pushArray(L, call.argv);
        lua.lua_setglobal(L, ARGV);
        lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, onError);
        lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, reference);
        const failed = lua.lua_pcall(L, 0, 1, 1) !== 0;
        return failed ? scriptFailure(L, call.sha) : popReply(L);
      } finally {
        running = undefined;
        lua.lua_settop(L, 0);
      }
    },
  };
}

function runPrelude(L: LuaState): { environment: number; onError: number } {
  const loaded = lauxlib.luaL_loadbuffer(L, bytesOf(PRELUDE), null, bytesOf('@prelude'));
  if (loaded !== 0 || lua.lua_pcall(L, 0, 2, 0) !== 0) throw new Error(`the Lua prelude does not run: ${textAt(L, -1)}`);
  const onError = lauxlib.luaL_ref(L, lua.LUA_REGISTRYINDEX);
  const environment = lauxlib.luaL_ref(L, lua.LUA_REGISTRYINDEX);
  return { environment, onError };
}

/** The error table on top of the stack, with the script and the line it comes from. */
function scriptFailure(L: LuaState, sha: string): Failure {
  if (lua.lua_type(L, -1) !== lua.LUA_TTABLE) return new Failure(`ERR ${textAt(L, -1)} script: ${sha}`);
  const message = textField(L, 'err') ?? 'ERR unknown error';
  const source = textField(L, 'source');
  const line = textField(L, 'line');
  return new Failure(source === undefined ? `${message} script: ${sha}` : `${message} script: ${sha}, on ${source}:${line}.`);
}
