const { app, output } = require('@azure/functions');
const { record, recordsOf } = require('../lib/records.cjs');

let running = 0;

/** Records each delivery under the message's id; `{ fail: n }` fails the first n deliveries, `{ ms: n }` takes its time. */
async function receive(message, context) {
  const { id, dequeueCount } = context.triggerMetadata;
  const isBytes = Buffer.isBuffer(message);
  running += 1;
  record(id, {
    type: isBytes ? 'bytes' : typeof message,
    value: isBytes ? message.toString('base64') : message,
    metadata: context.triggerMetadata,
    running,
    function: context.functionName,
  });
  try {
    await new Promise((resolve) => setTimeout(resolve, message?.ms ?? 0));
    if (message?.fail >= dequeueCount) throw new Error('told to fail');
  } finally {
    running -= 1;
  }
}

app.http('records', {
  authLevel: 'anonymous',
  methods: ['GET'],
  route: 'records/{key}',
  handler: ({ params }) => ({ jsonBody: recordsOf(params.key) }),
});

app.storageQueue('queue', { queueName: 'conformance-in', connection: 'AzureWebJobsStorage', handler: receive });
app.storageQueue('named-by-setting', { queueName: '%CONFORMANCE_QUEUE%', connection: 'AzureWebJobsStorage', handler: receive });
app.storageQueue('disabled-queue', { queueName: 'conformance-disabled', connection: 'AzureWebJobsStorage', handler: receive });

const out = output.storageQueue({ queueName: 'conformance-out', connection: 'AzureWebJobsStorage' });

/** The value as the body tells: `{ bytes }` in Base64, `{ text }` as a string, `{ json }` as what it is. */
function sentValue({ bytes, text, json }) {
  if (bytes !== undefined) return Buffer.from(bytes, 'base64');
  return text ?? json;
}

app.http('send', {
  authLevel: 'anonymous',
  methods: ['POST'],
  extraOutputs: [out],
  handler: async (request, context) => {
    const body = await request.json();
    context.extraOutputs.set(out, sentValue(body));
    if (body.throws) throw new Error('after setting the output');
    return { status: 201 };
  },
});

app.storageQueue('forward', {
  queueName: 'conformance-forward',
  connection: 'AzureWebJobsStorage',
  return: output.storageQueue({ queueName: 'conformance-in', connection: 'AzureWebJobsStorage' }),
  handler: (message) => message.send,
});
