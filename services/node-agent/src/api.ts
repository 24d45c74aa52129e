import type { Client } from '@gantry/client/client.ts';

/** What of the api's client an agent uses. */
export type AgentApi = Pick<
  Client,
  'get' | 'list' | 'watch' | 'create' | 'update' | 'updateStatus' | 'patch' | 'heartbeat' | 'reportPods'
>;
