import { type Case, gone } from './case.ts';

/** Cases of strings. */
export const stringsCases: Case[] = [
  { name: 'set/get', run: async (redis) => [await redis.set('a', '1'), await redis.get('a')], answer: ['OK', '1'] },
  {
    name: 'set EX NX',
    run: async (redis) => [await redis.set('lk', 'x', 'EX', 10, 'NX'), await redis.set('lk', 'y', 'EX', 10, 'NX'), await redis.get('lk')],
    answer: ['OK', null, 'x'],
  },
  {
    name: 'set PX + expire',
    run: async (redis) => {
      await redis.set('px', '1', 'PX', 30);
      await gone(redis, 'px');
      return [await redis.get('px'), await redis.ttl('px')];
    },
    answer: [null, -2],
  },
  {
    name: 'set GET',
    run: async (redis) => {
      await redis.set('sg', '1');
      return redis.set('sg', '2', 'GET');
    },
    answer: '1',
  },
  {
    name: 'set KEEPTTL',
    run: async (redis) => {
      await redis.set('kt', '1', 'EX', 100);
      await redis.set('kt', '2', 'KEEPTTL');
      return (await redis.ttl('kt')) > 90;
    },
    answer: true,
  },
  { name: 'set XX', run: async (redis) => [await redis.set('nx1', '1', 'XX')], answer: [null] },
  {
    name: 'getex',
    run: async (redis) => {
      await redis.set('gx', '1');
      return [await redis.getex('gx', 'EX', 50), (await redis.ttl('gx')) > 40];
    },
    answer: ['1', true],
  },
  {
    name: 'getdel',
    run: async (redis) => {
      await redis.set('gd', '1');
      return [await redis.getdel('gd'), await redis.get('gd')];
    },
    answer: ['1', null],
  },
  {
    name: 'incr/incrby/decr',
    run: async (redis) => [await redis.incr('c'), await redis.incrby('c', 5), await redis.decr('c'), await redis.incrbyfloat('cf', 1.5)],
    answer: [1, 6, 5, '1.5'],
  },
  {
    name: 'mset/mget',
    run: async (redis) => [await redis.mset('m1', '1', 'm2', '2'), await redis.mget('m1', 'm2', 'm3')],
    answer: ['OK', ['1', '2', null]],
  },
  {
    name: 'setrange/getrange/append/strlen',
    run: async (redis) => [
      await redis.append('ap', 'ab'),
      await redis.append('ap', 'cd'),
      await redis.getrange('ap', 1, 2),
      await redis.strlen('ap'),
      await redis.setrange('ap', 1, 'ZZ'),
      await redis.get('ap'),
    ],
    answer: [2, 4, 'bc', 4, 4, 'aZZd'],
  },
  {
    name: 'incr not int',
    run: async (redis) => {
      await redis.set('ni', 'abc');
      return redis.incr('ni').catch((e) => e.message);
    },
    answer: 'ERR value is not an integer or out of range',
  },
  {
    name: 'buffer',
    run: async (redis) => {
      await redis.set('bf', Buffer.from([0, 255, 1]));
      return [...((await redis.getBuffer('bf')) ?? [])];
    },
    answer: [0, 255, 1],
  },
  {
    name: 'unicode',
    run: async (redis) => {
      await redis.set('uni', 'héllo 🌍');
      return [await redis.get('uni'), await redis.strlen('uni')];
    },
    answer: ['héllo 🌍', 11],
  },
  {
    name: 'bitcount/setbit',
    run: async (redis) => [await redis.setbit('sb', 7, 1), await redis.bitcount('sb'), await redis.getbit('sb', 7)],
    answer: [0, 1, 1],
    refused: "unknown command 'setbit'",
  },
  {
    name: 'empty string value',
    run: async (redis) => {
      await redis.set('es', '');
      return [await redis.get('es'), await redis.exists('es')];
    },
    answer: ['', 1],
  },
  {
    name: 'number coerce',
    run: async (redis) => {
      await redis.set('nc', 1.5);
      await redis.hset('nch', { a: true });
      return [await redis.get('nc'), await redis.hget('nch', 'a')];
    },
    answer: ['1.5', 'true'],
  },
];
