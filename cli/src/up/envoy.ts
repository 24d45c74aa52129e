import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@gantry/runtime/log.ts';
import { findGantryEnvoy, type SupervisedEnvoy, startEnvoy } from '@gantry/xds-lb/envoy.ts';
import { envoyMetrics } from '@gantry/xds-lb/traffic/sink.ts';

/** Directory of the tools that `npm run setup` installs. */
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

/**
 * Starts Envoy, which takes its configuration from xds-lb.
 * @param runDir Folder of sockets that the user who runs the cluster alone can enter.
 */
export function startServiceEnvoy(
  binary: string,
  { xdsAddress, runDir, nodeId }: { readonly xdsAddress: string; readonly runDir: string; readonly nodeId: string },
  { log, progress }: EnvoyDeps,
): SupervisedEnvoy {
  const adminSocket = join(runDir, 'envoy-admin.sock');
  const envoy = startEnvoy(
    {
      ...{ binary, xdsAddress, adminSocket, nodeId, concurrency: 1, logLevel: 'warning', drainTimeSeconds: 30 },
      metrics: envoyMetrics,
    },
    { log: log.child({ service: 'envoy' }) },
  );
  progress(`Envoy takes its configuration from ${xdsAddress}; its admin page is on unix:${adminSocket}`);
  return envoy;
}
