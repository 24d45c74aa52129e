/** Answers to Envoy's questions about requests that may have to wait. */
import type { RateLimitRequest, RateLimitResponse } from 'envoy-control-plane-ts/envoy/rate-limit.ts';
import type { RateLimiter } from 'envoy-control-plane-ts/rate-limit-service.ts';
import { doorEntry } from './doors.ts';
import type { Outcome, WaitingRoom } from './waiting-room.ts';

/** Asks the waiting room. */
export function answersOf(room: Pick<WaitingRoom, 'enter'>): RateLimiter {
  return async (request, signal) => {
    const name = doorOf(request);
    return answerTo(await room.enter(name, signal), name);
  };
}

function doorOf({ descriptors = [] }: RateLimitRequest): string {
  const entries = descriptors.flatMap((descriptor) => descriptor.entries ?? []);
  return entries.find(({ key }) => key === doorEntry)?.value ?? '';
}

function answerTo(outcome: Outcome, name: string): RateLimitResponse {
  switch (outcome) {
    case 'opened':
    case 'gone':
      return { overallCode: 'OK' };
    case 'full':
      return refused(`too many requests wait for a pod of ${name} already`);
    case 'late':
      return refused(`no pod of ${name} was ready in time`);
  }
}

/** The client is told to try again; of gRPC calls Envoy makes the status UNAVAILABLE with the same words. */
function refused(message: string): RateLimitResponse {
  return {
    overallCode: 'OVER_LIMIT',
    responseHeadersToAdd: [{ key: 'retry-after', value: '5' }],
    rawBody: Buffer.from(`${message}\n`),
  };
}
