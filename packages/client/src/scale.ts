import type { Scale } from './api.ts';

/** The scale of a message, in which zero and the empty text are absent. */
export function scaleOf({ uid = '', replicas = 0, currentReplicas = 0, selector = '' }: Partial<Scale>): Scale {
  return { uid, replicas, currentReplicas, selector };
}
