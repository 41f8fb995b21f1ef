import { parseConstraint } from './route-constraints.ts';

type Test = (value: string) => boolean;

interface Parameter {
  name: string;
  tests: Test[];
  defaultValue: string | undefined;
  isOptional: boolean;
  isCatchAll: boolean;
}

export type RouteValues = Record<string, string>;

/** Takes a decoded path; the route's values when it matches, else undefined. */
export type RouteMatcher = (path: string) => RouteValues | undefined;

// {name}, {name:constraint:constraint=default}, {name?}, {*name}: braces inside a constraint are doubled.
const PARAMETER = /\{((?:[^{}]|\{\{|\}\})+)\}/g;
const PARTS = /^(\*{0,2})([^:=?]+)((?::[a-z]+(?:\((?:[^()]|\([^()]*\))*\))?)*)(?:=([^?]*))?(\?)?$/i;

/** Compiles an ASP.NET Core route template. Literals match in any case; an unknown constraint throws. */
export function compileTemplate(template: string): RouteMatcher {
  const parameters: Parameter[] = [];
  const segments = template.split('/').filter((segment) => segment !== '');
  const pattern = segments.map((segment) => segmentPattern(segment, parameters)).join('');
  const matcher = new RegExp(`^${pattern}/?$`, 'is');
  return (path) => {
    const match = matcher.exec(path);
    return match ? routeValues(parameters, match) : undefined;
  };
}

function segmentPattern(segment: string, parameters: Parameter[]): string {
  const pieces = segment.split(PARAMETER);
  const isWholeSegment = pieces.length === 3 && pieces[0] === '' && pieces[2] === '';
  const patterns = pieces.map((piece, index) => {
    if (index % 2 === 0) return escapeRegExp(piece);
    const parameter = parseParameter(piece);
    parameters.push(parameter);
    return parameter.isCatchAll ? '(.*)' : '([^/]+?)';
  });
  const last = parameters.at(-1);
  const canBeMissing = isWholeSegment && last && (last.isOptional || last.isCatchAll || last.defaultValue !== undefined);
  return canBeMissing ? `(?:/${patterns.join('')})?` : `/${patterns.join('')}`;
}

function parseParameter(text: string): Parameter {
  const match = PARTS.exec(text);
  if (!match) throw new Error(`The route parameter '{${text}}' is not valid.`);
  const [, stars, name = '', constraints = '', defaultValue, optional] = match;
  const tests = splitConstraints(constraints).map(parseConstraint);
  return { name, tests, defaultValue, isOptional: optional !== undefined, isCatchAll: stars !== '' };
}

function splitConstraints(text: string): string[] {
  return text.match(/[a-z]+(?:\((?:[^()]|\([^()]*\))*\))?/gi) ?? [];
}

function routeValues(parameters: Parameter[], match: RegExpExecArray): RouteValues | undefined {
  const values: RouteValues = {};
  for (const [index, { name, tests, defaultValue }] of parameters.entries()) {
    const value = match[index + 1] || defaultValue;
    if (value === undefined) continue;
    if (!tests.every((test) => test(value))) return undefined;
    values[name] = value;
  }
  return values;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
