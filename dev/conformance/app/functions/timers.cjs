const { app } = require('@azure/functions');
const { record } = require('../lib/records.cjs');

// Once a year: the suite runs it through the admin API.
app.timer('yearly', { schedule: '0 0 0 1 1 *', handler: (timer, context) => record('yearly', { timer, function: context.functionName }) });
