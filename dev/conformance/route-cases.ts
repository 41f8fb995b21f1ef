import type { Case } from './case.ts';

/** Which function answered a GET, with its route parameters; else the status. */
function answers(name: string, path: string, expected: unknown): Case {
  return {
    name,
    expected,
    async see({ host }) {
      const { status, json } = await host.send(path);
      return status === 200 ? [json?.function, json?.params] : status;
    },
  };
}

/** The status of each request, by `METHOD path`. */
function statuses(name: string, expected: Record<string, number>): Case {
  return {
    name,
    expected,
    async see({ host }) {
      const seen: Record<string, number> = {};
      for (const line of Object.keys(expected)) {
        const [method, path = '/'] = line.split(' ');
        seen[line] = (await host.send(path, { method })).status;
      }
      return seen;
    },
  };
}

/** How a request finds its function. */
export const routeCases: Case[] = [
  statuses('a method that is not declared is a 404, not a 405', {
    'DELETE /api/throws': 404,
    'PUT /api/shared': 404,
    'PROPFIND /api/echo': 404,
  }),
  statuses('without methods and route a function answers GET and POST under its name', {
    'GET /api/default-route': 200,
    'POST /api/default-route': 200,
    'PUT /api/default-route': 404,
  }),
  statuses('HEAD and OPTIONS are answered when declared', {
    'HEAD /api/declared': 200,
    'OPTIONS /api/declared': 200,
    'GET /api/declared': 404,
  }),
  statuses('OPTIONS is a 404 when not declared', { 'OPTIONS /api/shared': 404 }),
  statuses('HEAD is a 404 when not declared', { 'HEAD /api/shared': 404 }),
  {
    name: 'the method is part of the match: two functions share a route',
    expected: ['shared-get', 'shared-post'],
    async see({ host }) {
      const get = await host.send('/api/shared');
      const post = await host.send('/api/shared', { method: 'POST' });
      return [get.json?.function, post.json?.function];
    },
  },
  answers('the first function by name answers: a parameter before a literal', '/api/order/literal', [
    'order-a-parameter',
    { name: 'literal' },
  ]),
  answers('the first function by name answers: a literal before a parameter', '/api/reverse/literal', ['reverse-a-literal', {}]),
  answers('the next function takes what the first does not match', '/api/reverse/other', ['reverse-b-parameter', { name: 'other' }]),
  answers('literals match in any case and with a slash at the end', '/API/Shared/', ['shared-get', {}]),
  answers('an optional parameter can be missing', '/api/echo', ['echo', {}]),
  answers('a parameter arrives decoded', '/api/echo/a%20b%C3%A9', ['echo', { id: 'a bé' }]),
  answers('an encoded slash in a parameter stays encoded', '/api/echo/a%2Fb', ['echo', { id: 'a%2Fb' }]),
  answers('a parameter does not span segments', '/api/echo/a/b', 404),
  answers('a default value fills a missing parameter', '/api/default', ['with-default', { x: 'seven' }]),
  answers('a catch-all takes the rest of the path', '/api/files/a/b/c.txt', ['catch-all', { path: 'a/b/c.txt' }]),
  answers('two parameters in one segment', '/api/file/report.pdf', ['two-in-one', { name: 'report', extension: 'pdf' }]),
  ...constraint('int', { '-5': true, x: false, '1.5': false, '99999999999': false }),
  ...constraint('range', { 1: false, 2: true, 4: true, 5: false }),
  ...constraint('length', { a: false, ab: true, abcd: true, abcde: false }),
  ...constraint('guid', { 'b2a6c5a8-0d2f-4a4e-9d8a-2f1f6c3b7e11': true, b2a6c5a8: false }),
  ...constraint('alpha', { Abc: true, abc1: false }),
  ...constraint('regex', { x12: true, y12: false }),
];

function constraint(kind: string, values: Record<string, boolean>): Case[] {
  const expected = Object.entries(values).map(([value, isMatch]): [string, number] => [`GET /api/${kind}/${value}`, isMatch ? 200 : 404]);
  return [statuses(`the route constraint ${kind}: ${Object.keys(values).join(', ')}`, Object.fromEntries(expected))];
}
