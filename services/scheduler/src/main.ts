/**
 * Runs the scheduler as a process of its own. GANTRY_SERVER is the api's gRPC address; GANTRY_EVENTS names the event bus,
 * and without it changes come over the api's watch; GANTRY_SCHEDULER_* is in config.ts.
 */
import { connect } from '@gantry/client/client.ts';
import { openBus } from '@gantry/events/open.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { createLogger } from '@gantry/runtime/log.ts';
import { terminationSignal } from '@gantry/runtime/service.ts';
import { configFromEnv } from './config.ts';
import { startScheduler } from './service.ts';

const log = createLogger('scheduler');
try {
  const signal = terminationSignal();
  const config = configFromEnv(process.env);
  using client = connect(process.env.GANTRY_SERVER);
  await using bus = process.env.GANTRY_EVENTS ? await openBus(process.env.GANTRY_EVENTS, 'scheduler') : undefined;
  await using scheduler = startScheduler(config, { client, bus, clock: systemClock, log });
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([stopped, scheduler.done]);
} catch (error) {
  log.error({ error }, error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
