/** Redis's glob (`*`, `?`, `[a-z]`, `[^a]`, `\` quotes) as a predicate over whole names. */
export function globMatcher(pattern: string): (name: string) => boolean {
  if (pattern === '*') return () => true;
  const expression = new RegExp(`^${translate(pattern)}$`, 's');
  return (name) => expression.test(name);
}

function translate(pattern: string): string {
  let expression = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === '*') expression += '.*';
    else if (character === '?') expression += '.';
    else if (character === '\\' && at + 1 < pattern.length) expression += quoted(pattern.charAt(++at));
    else if (character === '[') {
      const end = closingBracket(pattern, at);
      expression += characterClass(pattern.slice(at + 1, end));
      at = end;
    } else expression += quoted(character);
  }
  return expression;
}

/** An unclosed class runs to the end of the pattern, as in Redis. */
function closingBracket(pattern: string, from: number): number {
  for (let at = from + 1; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === ']') return at;
  }
  return pattern.length;
}

function characterClass(body: string): string {
  const negated = body.startsWith('^');
  const members = (negated ? body.slice(1) : body).replace(/\\(.)/gs, '$1').replace(/[\\\]^[]/g, '\\$&');
  if (members === '') return negated ? '.' : '(?!)';
  return `[${negated ? '^' : ''}${members}]`;
}

function quoted(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');
}
