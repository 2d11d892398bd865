/**
 * @file `npm run workbench`: VS Code in the browser with the packaged extension, on the demo. Ctrl-C stops it;
 * `--port N` chooses the port.
 */
import { once } from 'node:events';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ensureInstalled } from './lib/ensure-installed.mjs';
import { root, vsixPath } from './lib/paths.mjs';
import { fail, runNode } from './lib/run.mjs';
import { startServer, workbenchUrl } from './lib/workbench.mjs';

function chosenPort() {
  const { values } = parseArgs({ options: { port: { type: 'string' } } });
  if (values.port === undefined) return undefined;
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Error(`--port: not a port: ${values.port}`);
  return port;
}

async function main() {
  const port = chosenPort();
  await ensureInstalled();
  await runNode(['scripts/setup-workbench.mjs']);
  await runNode(['scripts/package-vsix.mjs']);
  const server = await startServer({ vsix: vsixPath(), port });
  console.log(`\nVS Code with Router Lens: ${workbenchUrl(server, { folder: path.join(root, 'demo') })}`);
  console.log('Ctrl-C stops it.');
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), server.ended]);
  await server.stop();
}

main().catch(fail);
