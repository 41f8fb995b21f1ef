import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { startApp } from './temporary-app.ts';

const ECHO = `app.http('echo', { methods: ['POST'], handler: async (request) => ({ body: await request.text() }) });`;

test('a body over the limit is a 413 and reaches no handler', async () => {
  const host = await startApp({
    code: `${ECHO} app.hook.preInvocation(() => console.log('invoked'));`,
    env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '10' },
  });
  const post = (body: string) => fetch(`${host.url}/api/echo`, { method: 'POST', body });
  expect(await (await post('0123456789')).text()).toBe('0123456789');
  expect((await post('0123456789a')).status).toBe(413);
  expect(host.lines.filter((line) => line === 'invoked')).toHaveLength(1);
});

test('a caller who hangs up in the middle of a body leaves the host well', async () => {
  const host = await startApp({ code: ECHO });
  const socket = connect(host.port, '127.0.0.1');
  socket.write('POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.destroy();
  const response = await fetch(`${host.url}/api/echo`, { method: 'POST', body: 'still there' });
  expect(await response.text()).toBe('still there');
  expect(host.lines.some((line) => line.includes('Failed'))).toBe(false);
});

test('headers and parameters with dangerous names are data', async () => {
  const code = `app.http('names', { methods: ['GET'], handler: ({ headers, query }) => ({ jsonBody: [headers.get('__proto__'), [...query]] }) });`;
  const host = await startApp({ code });
  const socket = connect(host.port, '127.0.0.1');
  socket.write('GET /api/names?constructor=1&%zz=2 HTTP/1.1\r\nHost: x\r\n__proto__: a\r\nConnection: close\r\n\r\n');
  const answer = await socket.setEncoding('utf8').toArray();
  expect(answer.join('')).toContain('HTTP/1.1 200');
  expect(answer.join('')).toContain('["constructor","1"]');
});

test('a hundred requests at once are a hundred invocations', async () => {
  const host = await startApp({ code: ECHO });
  const texts = Array.from({ length: 100 }, (_, index) => `body ${index}`);
  const answers = texts.map(async (body) => (await fetch(`${host.url}/api/echo`, { method: 'POST', body })).text());
  expect(await Promise.all(answers)).toEqual(texts);
});

test('context.log prints the function and the text, and a log hook may change it', async () => {
  const code = `
    app.hook.log((context) => { if (context.category === 'user') context.message = context.message.replace('secret', '***'); });
    app.http('talk', { methods: ['GET'], handler: (_request, context) => { context.log('a', { secret: 1 }); context.error('bad secret'); } });`;
  const host = await startApp({ code });
  await fetch(`${host.url}/api/talk`);
  await waitFor(() => host.lines.some((line) => line.endsWith('[talk] error: bad ***')), { what: 'the error line' });
  expect(host.lines.some((line) => line.endsWith('[talk] a { ***: 1 }'))).toBe(true);
});

test.each(['/api/%zz', '//[/.', '/api/../admin/x', '/%00'])('the path %s gets an answer', async (path) => {
  const host = await startApp({ code: ECHO });
  const socket = connect(host.port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const answer = await socket.setEncoding('utf8').toArray();
  expect(answer.join('')).toMatch(/^HTTP\/1.1 404/);
});
