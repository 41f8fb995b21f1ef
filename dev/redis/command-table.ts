import type { Command } from './command.ts';
import { commandInfo } from './commands/command-info.ts';
import { connectionCommands } from './commands/connection.ts';
import { counterCommands } from './commands/counters.ts';
import { expiryCommands } from './commands/expiry.ts';
import { hashCommands } from './commands/hashes.ts';
import { keyCommands } from './commands/keys.ts';
import { listPositionCommands } from './commands/list-positions.ts';
import { listCommands } from './commands/lists.ts';
import { scriptingCommands } from './commands/scripting.ts';
import { serverCommands } from './commands/server-info.ts';
import { setCommands } from './commands/sets.ts';
import { sortedSetAddCommands } from './commands/sorted-set-add.ts';
import { sortedSetRangeCommands } from './commands/sorted-set-ranges.ts';
import { sortedSetCommands } from './commands/sorted-sets.ts';
import { stringCommands } from './commands/strings.ts';
import { transactionCommands } from './commands/transactions.ts';

/** Every command this server knows, by its upper-case name. Any other is refused as unknown. */
export function commandTable(): ReadonlyMap<string, Command> {
  const all = [
    ...stringCommands,
    ...counterCommands,
    ...keyCommands,
    ...expiryCommands,
    ...hashCommands,
    ...listCommands,
    ...listPositionCommands,
    ...setCommands,
    ...sortedSetCommands,
    ...sortedSetAddCommands,
    ...sortedSetRangeCommands,
    ...scriptingCommands,
    ...transactionCommands,
    ...connectionCommands,
    ...serverCommands,
    commandInfo,
  ];
  return new Map(all.map((command) => [command.name, command]));
}
