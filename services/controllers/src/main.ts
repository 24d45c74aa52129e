/**
 * Runs the controllers as a process of their own. GANTRY_SERVER is the api's gRPC address; GANTRY_EVENTS names the event
 * bus, and without it changes come over the api's watch; GANTRY_CERTS names the folder with the service's certificate;
 * config.ts says which flags and other variables there are.
 */
import { connect } from '@gantry/client/client.ts';
import { credentialsFromEnv } from '@gantry/client/credentials.ts';
import { openBus } from '@gantry/events/open.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { runProcess } from '@gantry/runtime/process.ts';
import { readConfig } from './config.ts';
import { startControllers } from './service.ts';

await runProcess('controllers', async ({ log, stack }) => {
  const config = readConfig(process.argv.slice(2), process.env);
  const credentials = credentialsFromEnv(process.env);
  const client = stack.use(connect(process.env.GANTRY_SERVER, { credentials, manager: 'gantry-controllers' }));
  const busUrl = process.env.GANTRY_EVENTS;
  const bus = busUrl ? stack.use(await openBus(busUrl, 'controllers', credentials?.certificates)) : undefined;
  return startControllers(config, { client, bus, clock: systemClock, log, credentials });
});
