import { fileURLToPath } from 'node:url';
import type { Logger } from '@gantry/runtime/log.ts';
import { findGantryEnvoy, type SupervisedEnvoy, startEnvoy } from '@gantry/xds-lb/envoy.ts';
import { freePort } from './free-port.ts';

/** Where `npm run setup` puts what it installs. */
const toolsDir = fileURLToPath(new URL('../../../.gantry', import.meta.url));

interface EnvoyDeps {
  readonly log: Logger;
  readonly progress: (text: string) => void;
}

/**
 * The Envoy that stands in front of the services; undefined, with what to do told, where the machine has none. Without it no
 * load balancer is started: Services of that type stay pending.
 */
export function findServiceEnvoy({ progress }: Pick<EnvoyDeps, 'progress'>): string | undefined {
  const binary = findGantryEnvoy(toolsDir);
  if (binary === undefined) {
    progress(
      'no Envoy found: Services of type LoadBalancer get no listener. `npm run setup` installs one, or name one in GANTRY_ENVOY',
    );
  }
  return binary;
}

/** Starts Envoy, which takes its configuration from xds-lb. */
export async function startServiceEnvoy(
  binary: string,
  xdsAddress: string,
  nodeId: string,
  { log, progress }: EnvoyDeps,
): Promise<SupervisedEnvoy> {
  const adminPort = await freePort();
  const envoy = startEnvoy(
    { binary, xdsAddress, adminPort, nodeId, concurrency: 1, logLevel: 'warning', drainTimeSeconds: 30 },
    { log: log.child({ service: 'envoy' }) },
  );
  progress(`Envoy takes its configuration from ${xdsAddress}; its admin page is on http://127.0.0.1:${adminPort}`);
  return envoy;
}
