import type { FaultCall } from '../../dev/redis/faults.ts';
import type { World } from './world.ts';

/** How Redis fails, until the function that is answered is called. */
export type Failing = (world: Pick<World, 'redis'>) => () => void;

/** What a client says to connect. */
const CONNECTING = ['HELLO', 'CLIENT', 'INFO', 'SELECT'];
export const isWork = ({ name }: Pick<FaultCall, 'name'>) => !CONNECTING.includes(name);
export const every = (nth: number) => {
  let count = 0;
  return (call: FaultCall) => isWork(call) && ++count % nth === 0;
};

export const refuses: Failing = ({ redis }) => {
  redis.faults.refuse(true);
  return () => redis.faults.refuse(false);
};
export const hangs =
  (hang: 'before' | 'after'): Failing =>
  ({ redis }) => {
    const fault = redis.faults.add({ action: { hang } });
    return () => fault.release();
  };
export const dropsReplies =
  (match: (call: FaultCall) => boolean): Failing =>
  ({ redis }) => {
    const fault = redis.faults.add({ match, action: { drop: 'mid-reply' } });
    return () => fault.release();
  };
export const becomes =
  (condition: 'loading' | 'replica' | 'full'): Failing =>
  ({ redis }) => {
    if (condition === 'loading') redis.faults.refuse(true); // who restarts has no connections
    redis.become(condition);
    redis.faults.refuse(false);
    return () => redis.become('well');
  };
