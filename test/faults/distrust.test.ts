import { afterEach, beforeEach, expect, test } from 'vitest';
import { recalled, say } from '../support/talk.ts';
import { waitFor } from '../support/wait.ts';
import { becomes, dropsReplies, type Failing, hangs, isWork, refuses } from './redis-failing.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld({ settings: { REDIS_COMMAND_TIMEOUT_MS: '250', REDIS_SOCKET_TIMEOUT_MS: '500' } });
});
afterEach(() => world.stop());

const who = { user_id: 'u', session_id: 's' };
/** What the user said, and whether Redis was missing. */
async function told(index: number): Promise<{ said: string[]; degraded: boolean }> {
  let said: string[] = [];
  const { body } = await world.ask(index, async (services) => {
    said = await recalled(services, who);
    return {};
  });
  return { said, degraded: body.degraded !== undefined };
}

const FAULTS: [name: string, fail: Failing][] = [
  ['refused connections', refuses],
  ['hung', hangs('before')],
  ['dropped every reply', dropsReplies(isWork)],
  ['was loading', becomes('loading')],
  ['was a replica', becomes('replica')],
  ['was full', becomes('full')],
];

test.each(FAULTS)(
  'a copy from before Redis %s is not believed afterwards, although it was verified just now and no bell was heard',
  async (_name, fail) => {
    await say(world.instance(0), who, 'first');
    expect(await told(0)).toEqual({ said: ['first'], degraded: false });

    const heal = fail(world);
    const { body } = await world.ask(0, (services) => say(services, who, 'second'));
    expect([body.durability, body.degraded]).toEqual(['stored', ['redis']]);
    heal();

    const answers: string[][] = [];
    const healthy = async () => {
      world.clock.advance({ ms: 1100 }); // far from the minute after which every copy is verified
      const { said, degraded } = await told(0);
      answers.push(said);
      return !degraded;
    };
    await waitFor(healthy, { what: 'Redis to be believed again' });
    await waitFor(healthy, { what: 'an answer from the copy' });
    expect(answers.filter((said) => said.join() !== 'first,second')).toEqual([]);
  },
);

test('an instance that was idle during the outage noticed that its connection was lost', async () => {
  await say(world.instance(0), who, 'first');
  expect((await told(1)).said).toEqual(['first']);

  const heal = refuses(world);
  await say(world.instance(0), who, 'second');
  heal();
  await waitFor(() => world.instance(1).hot.ping(), { what: 'the idle instance to be connected again' });
  expect(await told(1)).toEqual({ said: ['first', 'second'], degraded: false });
});
