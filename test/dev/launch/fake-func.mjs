// Stands in for Azure Functions Core Tools on the PATH: says its version, or "runs" an app that shows its settings.
import { createServer } from 'node:http';

const [command, , port] = process.argv.slice(2);
if (command === '--version') {
  process.stdout.write(`${process.env.FAKE_FUNC_VERSION}\n`);
} else {
  const { REDIS_URL, AzureWebJobsStorage } = process.env;
  const health = { pid: process.pid, folder: process.cwd(), settings: { REDIS_URL, AzureWebJobsStorage } };
  const answer = (url) => (url === '/admin/host/status' ? { state: 'Running' } : health);
  createServer(({ url }, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(answer(url)))).listen(
    port,
    '127.0.0.1',
  );
  process.on('SIGINT', () => process.exit(0));
}
