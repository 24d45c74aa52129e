import type { Client } from '@gantry/client/client.ts';

/** The part of the api's client that an agent uses. */
export type AgentApi = Pick<
  Client,
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'updateStatus'
  | 'patch'
  | 'delete'
  | 'heartbeat'
  | 'reportPods'
  | 'requestToken'
  | 'access'
>;
