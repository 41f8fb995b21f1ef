import { startAzurite } from '../../../dev/azurite/start.ts';

const azurite = await startAzurite({ location: process.argv[2] });
process.send?.(azurite.connectionString);
