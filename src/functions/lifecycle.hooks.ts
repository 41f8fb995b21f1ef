import { app } from '@azure/functions';
import { closeServices, services } from '../lib/services.ts';

/** A wrong setting stops the start here, with one line each, rather than the first request. */
services();

app.hook.appTerminate(() => closeServices());
