import { Failure } from '../reply.ts';

const COMMENTS_AND_TEXTS = /--\[(=*)\[.*?\]\1\]|--[^\n]*|\[(=*)\[.*?\]\2\]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/gs;
const LATER_SYNTAX = /\/\/|<<|>>|&|\||~(?!=)|\bgoto\b/;

/** Throws when a script uses operators or words that came after Lua 5.1: they would run here and not compile in Redis. */
export function refuseLaterLua(source: string): void {
  const code = source.replace(COMMENTS_AND_TEXTS, ' ');
  const later = LATER_SYNTAX.exec(code)?.[0];
  if (later !== undefined) throw new Failure(`ERR Error compiling script (new function): user_script: '${later}' is not Lua 5.1`);
}
