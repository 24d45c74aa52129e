/**
 * Runs xds-lb as a process of its own. GANTRY_SERVER is the api's gRPC address; GANTRY_EVENTS names the event bus, and
 * without it changes come over the api's watch; GANTRY_CERTS names the folder with its certificate; GANTRY_XDS_* is in config.ts.
 */
import { busSource } from '@gantry/client/bus-source.ts';
import { type ChangeSource, watchSource } from '@gantry/client/change-source.ts';
import { type Client, connect, defaultApiAddress } from '@gantry/client/client.ts';
import { credentialsFromEnv, requireCredentials } from '@gantry/client/credentials.ts';
import { EventRecorder } from '@gantry/client/event-recorder.ts';
import { Informer } from '@gantry/client/informer.ts';
import type { EventBus } from '@gantry/events/events.ts';
import { openBus } from '@gantry/events/open.ts';
import type { KindName, Kinds } from '@gantry/model/built-in.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { runProcess } from '@gantry/runtime/process.ts';
import type { Running } from '@gantry/runtime/service.ts';
import { readConfig } from './config.ts';
import { startXdsLb } from './service.ts';

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
    services: stack.use(informer(client, bus, 'Service', log)),
    endpointSlices: stack.use(informer(client, bus, 'EndpointSlice', log)),
    nodes: stack.use(informer(client, bus, 'Node', log)),
    statusWriter: client,
    events,
    log,
    credentials,
  });
  log.info({ xds: xdsLb.xdsAddress, diagnosticsPort: xdsLb.diagnosticsPort }, 'serving xDS');
  return xdsLb;
}

function informer<K extends KindName>(
  client: Client,
  bus: EventBus | undefined,
  kind: K,
  log: Logger,
): Informer<Kinds[K]> {
  const source: ChangeSource<Kinds[K]> = bus ? busSource(bus, client, kind) : watchSource(client, kind);
  return new Informer({ source, onError: (error) => log.warn({ kind, error }, 'objects are read anew') }).start();
}

await runProcess('xds-lb', start);
