import type { startNodeAgent } from '@gantry/node-agent/service.ts';
import type { NodeGroupSpec } from '../node-groups/spec.ts';

/** How `gantry up` runs a cluster on this machine. */
export interface UpOptions {
  readonly nodes: number;
  /** Absolute folder for the database, the nodes' files, images and logs. */
  readonly stateDir: string;
  /** host:port of the api; port 0 for any free one. */
  readonly listen: string;
  /** `auto` takes real containers where the machine allows them. */
  readonly driver: 'auto' | 'cri' | 'process';
  /** Groups of nodes that come and go with the load; without, there is no autoscaler. */
  readonly nodeGroups?: readonly NodeGroupSpec[];
  /** How often nodes tell that they live; the agents' own choice where absent. */
  readonly nodeTimes?: Parameters<typeof startNodeAgent>[0]['nodeTimes'];
  /** Milliseconds of silence beyond a heartbeat's time to live before a node counts as silent. */
  readonly silenceConfirmMs?: number;
}
