import { parseArgs } from 'node:util';
import { cases, type Outcome, runSuite } from './suite.ts';

const USAGE = `usage: npm run conformance -- URL STORAGE_CONNECTION

Asks a running Functions host whether it behaves as the service relies on. The host runs the app in
dev/conformance/app; README.md there says how. The queues of that app are emptied.

  URL                 where it runs, such as http://localhost:7071
  STORAGE_CONNECTION  connection string of its storage account; UseDevelopmentStorage=true for Azurite

  --list              the cases
  --help              this

Exits with 1 when a case failed.`;

const print = (line: string) => process.stdout.write(`${line}\n`);

function report({ name, isOk, expected, seen }: Outcome): void {
  print(`${isOk ? 'ok    ' : 'FAILED'} ${name}`);
  if (isOk) return;
  print(`         expected ${JSON.stringify(expected)}`);
  print(`         seen     ${JSON.stringify(seen)}`);
}

async function main(): Promise<number> {
  const options = { help: { type: 'boolean' }, list: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const [url, storage] = positionals;
  if (values.help) {
    print(USAGE);
    return 0;
  }
  if (values.list) {
    for (const { name } of cases) print(name);
    return 0;
  }
  if (url === undefined || storage === undefined) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const outcomes = await runSuite({ url, storage }, report);
  const failed = outcomes.filter(({ isOk }) => !isOk).length;
  print(`${outcomes.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
