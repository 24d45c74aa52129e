/** The rate limit service for @grpc/grpc-js: Envoys ask it before a request or a connection goes on, and wait for the answer. */
import type {
  Server,
  ServerUnaryCall,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { RateLimitRequest, RateLimitResponse } from './envoy/rate-limit.ts';
import { decode, encode } from './proto/codec.ts';

/**
 * Answers a question, at once or later; a rejection is an INTERNAL error of the call. The signal fires when Envoy waits no more, as the client
 * went or its time was up.
 */
export type RateLimiter = (request: RateLimitRequest, signal: AbortSignal) => Promise<RateLimitResponse>;

/** The gRPC definition of the rate limit service. */
export const rateLimitDefinition = {
  shouldRateLimit: {
    path: '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit',
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: RateLimitRequest) => Buffer.from(encode(RateLimitRequest, value)),
    requestDeserialize: (data: Buffer) => decode(RateLimitRequest, data),
    responseSerialize: (value: RateLimitResponse) => Buffer.from(encode(RateLimitResponse, value)),
    responseDeserialize: (data: Buffer) => decode(RateLimitResponse, data),
  },
} satisfies ServiceDefinition;

type Call = ServerUnaryCall<RateLimitRequest, RateLimitResponse>;

/** Adds the rate limit service to a server. */
export function addRateLimitService(server: Server, limit: RateLimiter): void {
  const shouldRateLimit = (call: Call, answer: sendUnaryData<RateLimitResponse>): void => {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort(new DOMException('Envoy waits no more', 'AbortError')));
    limit(call.request, gone.signal).then(
      (response) => answer(null, response),
      (error: unknown) => {
        // 13 is INTERNAL.
        answer({ code: 13, details: error instanceof Error ? error.message : String(error) });
      },
    );
  };
  server.addService(rateLimitDefinition, { shouldRateLimit } as UntypedServiceImplementation);
}
