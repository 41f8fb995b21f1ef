const { app } = require('@azure/functions');
const { record } = require('../lib/records.cjs');

const isHooked = (context) => context.invocationContext.functionName.startsWith('hooked');

app.hook.appStart((context) => {
  context.hookData.started = true;
  record('app-start', { hasHookData: context.hookData.started });
});

app.hook.preInvocation((context) => {
  if (!isHooked(context)) return;
  context.hookData.steps = ['first hook before'];
});

app.hook.preInvocation((context) => {
  if (!isHooked(context)) return;
  const { steps } = context.hookData;
  steps.push('second hook before');
  const handler = context.functionHandler;
  context.functionHandler = async (...args) => {
    steps.push('handler');
    return handler(...args);
  };
});

app.hook.postInvocation((context) => {
  if (!isHooked(context)) return;
  const { steps } = context.hookData;
  steps.push(context.error ? `after: ${context.error.message}` : 'after');
  context.error = null;
  context.result = { jsonBody: steps };
});

app.http('hooked', { authLevel: 'anonymous', methods: ['GET'], handler: () => ({ body: 'replaced by the hook' }) });
app.http('hooked-error', { authLevel: 'anonymous', methods: ['GET'], handler: () => Promise.reject(new Error('turned around')) });
