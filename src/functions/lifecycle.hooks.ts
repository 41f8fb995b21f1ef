import { app } from '@azure/functions';
import { checkAccount, closeServices, services } from '../lib/services.ts';

/** A wrong setting stops the start here, with one line each, rather than the first request. */
services();

/** Asked once a start, beside the first requests: compare-and-swap and rebuilds rely on Strong consistency and one write region. */
app.hook.appStart(() => void checkAccount(services()));

app.hook.appTerminate(() => closeServices());
