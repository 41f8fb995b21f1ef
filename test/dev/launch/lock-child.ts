import { takeData } from '../../../dev/launch/data.ts';

takeData(process.argv[2] ?? '');
process.send?.('taken');
