/**
 * Runs xds-lb as a process of its own. GANTRY_SERVER is the api's gRPC address; GANTRY_EVENTS names the event bus, and
 * without it changes come over the api's watch; GANTRY_CERTS names the folder with its certificate; GANTRY_XDS_* is in config.ts.
 */
import { connect, defaultApiAddress } from '@gantry/client/client.ts';
import { credentialsFromEnv, requireCredentials } from '@gantry/client/credentials.ts';
import { EventRecorder } from '@gantry/client/event-recorder.ts';
import { openBus } from '@gantry/events/open.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { runProcess } from '@gantry/runtime/process.ts';
import type { Running } from '@gantry/runtime/service.ts';
import { readConfig } from './config.ts';
import { startXdsLb } from './service.ts';
import { openSources } from './sources.ts';

async function start({ log, stack }: { log: Logger; stack: AsyncDisposableStack }): Promise<Running> {
  const config = readConfig(process.argv.slice(2), process.env);
  const credentials = credentialsFromEnv(process.env);
  if (config.xdsSocket === undefined && !config.trustNetwork)
    requireCredentials(credentials, 'GANTRY_XDS_TRUST_NETWORK');
  const client = stack.use(
    connect(process.env.GANTRY_SERVER ?? defaultApiAddress, { credentials, manager: 'gantry-xds-lb' }),
  );
  const busUrl = process.env.GANTRY_EVENTS;
  const bus = busUrl ? stack.use(await openBus(busUrl, 'xds-lb', credentials?.certificates)) : undefined;
  const events = stack.use(new EventRecorder(client, { component: 'xds-lb', clock: systemClock, log }));
  const xdsLb = await startXdsLb(config, {
    ...stack.use(openSources({ client, bus, log })),
    statusWriter: client,
    leases: client,
    events,
    log,
    credentials,
  });
  log.info({ xds: xdsLb.xdsAddress, diagnosticsPort: xdsLb.diagnosticsPort }, 'serving xDS');
  return xdsLb;
}

await runProcess('xds-lb', start);
