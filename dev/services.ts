import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyEdits, modify } from 'jsonc-parser';
import { servicesScreen } from './launch/screen.ts';
import { launch, ROOT, WRITTEN } from './launch/session.ts';
import type { Settings } from './launch/settings.ts';

const FILE = 'local.settings.json';

await launch(async ({ args, data, startTiers }) => {
  const tiers = await startTiers();
  const settings = { FUNCTIONS_WORKER_RUNTIME: 'node', ...tiers.settings };
  if (args.write) {
    writeSettings(join(ROOT, FILE), settings);
    writeFileSync(data.path(WRITTEN), JSON.stringify(settings, null, 2));
  }
  console.log(servicesScreen(tiers.lines, { settings, written: args.write ? FILE : undefined }));
});

/** Sets these values and leaves the rest of the file, comments included, as it is. */
function writeSettings(file: string, settings: Settings): void {
  let text = existsSync(file) ? readFileSync(file, 'utf8') : '{ "IsEncrypted": false, "Values": {} }\n';
  for (const [name, value] of Object.entries(settings)) {
    text = applyEdits(text, modify(text, ['Values', name], value, { formattingOptions: { insertSpaces: true, tabSize: 2 } }));
  }
  writeFileSync(file, text);
}
