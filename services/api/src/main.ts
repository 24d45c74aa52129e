/** Runs an api as a process of its own; config.ts says which flags and environment variables it takes. */
import { openBus } from '@gantry/events/open.ts';
import { createLogger } from '@gantry/runtime/log.ts';
import { terminationSignal } from '@gantry/runtime/service.ts';
import { openStore } from '@gantry/store/open.ts';
import { readConfig } from './config.ts';
import { startApi } from './service.ts';

const log = createLogger('api');
try {
  const signal = terminationSignal();
  const config = readConfig(process.argv.slice(2), process.env);
  await using store = await openStore(config.store, { log });
  await using bus = await openBus(config.bus, 'api');
  await using api = await startApi(config.api, { store, bus, log });
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([stopped, api.done]);
} catch (error) {
  log.error({ error }, error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
