/**
 * Runs the controllers as a process of their own. GANTRY_SERVER is the api's gRPC address; GANTRY_EVENTS names the event
 * bus, and without it changes come over the api's watch; GANTRY_CONTROLLERS_* is in config.ts.
 */
import { connect } from '@gantry/client/client.ts';
import { openBus } from '@gantry/events/open.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { createLogger } from '@gantry/runtime/log.ts';
import { terminationSignal } from '@gantry/runtime/service.ts';
import { configFromEnv } from './config.ts';
import { startControllers } from './service.ts';

const log = createLogger('controllers');
try {
  const signal = terminationSignal();
  const config = configFromEnv(process.env);
  using client = connect(process.env.GANTRY_SERVER);
  await using bus = process.env.GANTRY_EVENTS ? await openBus(process.env.GANTRY_EVENTS, 'controllers') : undefined;
  await using controllers = startControllers(config, { client, bus, clock: systemClock, log });
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([stopped, controllers.done]);
} catch (error) {
  log.error({ error }, error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
