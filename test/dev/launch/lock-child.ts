import { takeData } from '../../../dev/launch/data.ts';

const data = takeData(process.argv[2] ?? '');
process.send?.('taken');
process.on('disconnect', () => data.release()); // stays until the parent goes, or kills it
