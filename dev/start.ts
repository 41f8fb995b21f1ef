import { build } from './build.ts';
import { chooseHost } from './launch/app.ts';
import { askedPort, keepApp } from './launch/keep.ts';
import { readyScreen } from './launch/screen.ts';
import { launch, ROOT } from './launch/session.ts';
import { modelName } from './launch/settings.ts';

await launch(async (session) => {
  const { args, chosen, data } = session;
  const port = await askedPort(session);
  const [host, tiers] = await Promise.all([chooseHost(args.host, process.env), session.startTiers(), build({ root: ROOT })]);
  const app = await keepApp(session, { host, port, tiers });
  const took = performance.now(); // counts from the start of the process
  const model = modelName(chosen);
  console.log(readyScreen({ url: app.url, host: host.line, tiers: tiers.lines, model, data: data.directory, took }));
});
