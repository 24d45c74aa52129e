/** A process that does nothing but relay, for tests that kill it: `relay-process.ts <store> <bus> <holder>`. */
import { openBus } from '@gantry/events/open.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { createLogger } from '@gantry/runtime/log.ts';
import { createMetrics } from '@gantry/runtime/metrics.ts';
import { terminationSignal } from '@gantry/runtime/service.ts';
import { openStore } from '@gantry/store/open.ts';
import { createRelayMetrics } from '../metrics.ts';
import { runRelay } from '../relay.ts';

const [storeUrl, busUrl, holder] = process.argv.slice(2) as [string, string, string];
await using store = await openStore(storeUrl);
await using bus = await openBus(busUrl);
const deps = {
  store,
  leases: store,
  bus,
  clock: systemClock,
  log: createLogger('relay'),
  metrics: createRelayMetrics(createMetrics('relay')),
};
process.stdout.write('ready\n');
await runRelay(deps, { holder, leaseTtlMs: 600 }, terminationSignal());
