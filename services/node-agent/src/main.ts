/** Runs a node agent as a process of its own; `--help` and options.ts say how. */
import { connect } from '@gantry/client/client.ts';
import { credentialsFromEnv } from '@gantry/client/credentials.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { runProcess } from '@gantry/runtime/process.ts';
import { helpText, type MainOptions, readConfig } from './options.ts';
import { openCriRuntime } from './runtime/cri/driver.ts';
import { openHollowRuntime } from './runtime/hollow/driver.ts';
import { openProcessRuntime, processDirectory } from './runtime/process/driver.ts';
import type { Runtime } from './runtime/runtime.ts';
import { startNodeAgent } from './service.ts';

if (process.argv.includes('--help')) process.stdout.write(helpText);
else {
  await runProcess('node-agent', async ({ log, stack }) => {
    const options = readConfig(process.argv.slice(2), process.env);
    const credentials = credentialsFromEnv(process.env);
    const client = stack.use(connect(options.api, { credentials }));
    const runtime = stack.use(await openRuntime(options));
    const agent = await startNodeAgent(options.agent, { client, runtime, clock: systemClock, log, credentials });
    agent.ready.then(
      () => log.info({ node: options.agent.nodeName, address: agent.address }, 'the node is ready'),
      () => {},
    );
    return agent;
  });
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
