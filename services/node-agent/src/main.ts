/** Runs a node agent as a process of its own; `--help` and options.ts say how. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@gantry/client/client.ts';
import { type Credentials, credentialsFromEnv } from '@gantry/client/credentials.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { runProcess } from '@gantry/runtime/process.ts';
import { joinCluster } from './identity/join.ts';
import { helpText, type MainOptions, readConfig } from './options.ts';
import { openCriRuntime } from './runtime/cri/driver.ts';
import { openHollowRuntime } from './runtime/hollow/driver.ts';
import { openProcessRuntime, processDirectory } from './runtime/process/driver.ts';
import type { Runtime } from './runtime/runtime.ts';
import { startNodeAgent } from './service.ts';

if (process.argv.includes('--help')) process.stdout.write(helpText);
else {
  await runProcess('node-agent', async ({ log, stack, signal }) => {
    const options = readConfig(process.argv.slice(2), process.env);
    const credentials = await credentialsOf(options, { log, stack, signal });
    const client = stack.use(connect(options.api, { credentials, manager: 'gantry-node-agent' }));
    const runtime = stack.use(await openRuntime(options));
    const agent = await startNodeAgent(options.agent, { client, runtime, clock: systemClock, log, credentials });
    agent.ready.then(
      () => log.info({ node: options.agent.nodeName, address: agent.address }, 'the node is ready'),
      () => {},
    );
    return agent;
  });
}

/** Those of the environment, or those that the node asks for. */
async function credentialsOf(
  { authorityPath, bootstrapTokenPath, api, agent }: MainOptions,
  { log, stack, signal }: { readonly log: Logger; readonly stack: AsyncDisposableStack; readonly signal: AbortSignal },
): Promise<Credentials | undefined> {
  if (authorityPath === undefined) return credentialsFromEnv(process.env);
  const { nodeName, addresses, rootDir } = agent;
  const options = {
    nodeName,
    addresses,
    folder: join(rootDir, 'pki'),
    authority: await readFile(authorityPath, 'utf8'),
    bootstrapToken: bootstrapTokenPath === undefined ? undefined : (await readFile(bootstrapTokenPath, 'utf8')).trim(),
  };
  const deps = { connect: (credentials: Credentials) => connect(api, { credentials }), clock: systemClock, log };
  const identity = stack.use(await joinCluster(options, deps, signal));
  return identity.credentials;
}

async function openRuntime({ driver, agent, containerdSocket }: MainOptions): Promise<Runtime> {
  const { nodeName, rootDir, addresses } = agent;
  switch (driver) {
    case 'cri':
      return openCriRuntime({ socketPath: containerdSocket, node: nodeName, imagePath: rootDir });
    case 'process':
      return openProcessRuntime({ directory: processDirectory(rootDir), address: addresses[0]! });
    case 'hollow':
      return openHollowRuntime({ startMs: 0, addressPrefix: '10.200', cpuCount: 32, memoryBytes: 128 * 2 ** 30 });
  }
}
