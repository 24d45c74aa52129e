/** Global rate limiting: the filters that ask before a request or a connection goes on, and the service that they ask. */
import {
  bool,
  bytes,
  duration,
  enumeration,
  many,
  message,
  one,
  string,
  uint32,
  type ValueOf,
} from '../proto/schema.ts';
import { ApiVersion, GrpcService, HeaderValue } from './core.ts';

export const StatusCode = enumeration('envoy.type.v3.StatusCode', { TooManyRequests: 429, ServiceUnavailable: 503 });

export const HttpStatus = message('envoy.type.v3.HttpStatus', { code: one(1, StatusCode) });

export const RateLimitServiceConfig = message('envoy.config.ratelimit.v3.RateLimitServiceConfig', {
  grpcService: one(2, GrpcService, { required: true }),
  transportApiVersion: one(4, ApiVersion),
});

/** An HTTP filter that asks about each request whose route has rate limits (`rateLimits` in route.ts), and waits for the answer. */
export const HttpRateLimit = message('envoy.extensions.filters.http.ratelimit.v3.RateLimit', {
  domain: one(1, string, { minLen: 1 }),
  /** 20 ms where absent. */
  timeout: one(4, duration),
  /** False: a request goes on where there is no answer. */
  failureModeDeny: one(5, bool),
  rateLimitService: one(7, RateLimitServiceConfig, { required: true }),
  disableXEnvoyRatelimitedHeader: one(9, bool),
  /** 429 where absent. */
  rateLimitedStatus: one(10, HttpStatus),
  /** 500 where absent. */
  statusOnError: one(12, HttpStatus),
});

export const RateLimitEntry = message('envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry', {
  key: one(1, string, { minLen: 1 }),
  value: one(2, string, { minLen: 1 }),
});

export const RateLimitDescriptor = message('envoy.extensions.common.ratelimit.v3.RateLimitDescriptor', {
  entries: many(1, RateLimitEntry, { minItems: 1 }),
});

/** A network filter that asks about each connection as it comes, before the filters behind it hear of it. */
export const NetworkRateLimit = message('envoy.extensions.filters.network.ratelimit.v3.RateLimit', {
  statPrefix: one(1, string, { minLen: 1 }),
  domain: one(2, string, { minLen: 1 }),
  descriptors: many(3, RateLimitDescriptor, { minItems: 1 }),
  timeout: one(4, duration),
  failureModeDeny: one(5, bool),
  rateLimitService: one(6, RateLimitServiceConfig, { required: true }),
});

/** The question. */
export const RateLimitRequest = message('envoy.service.ratelimit.v3.RateLimitRequest', {
  domain: one(1, string),
  descriptors: many(2, RateLimitDescriptor),
  hitsAddend: one(3, uint32),
});
export type RateLimitRequest = ValueOf<typeof RateLimitRequest>;

export const RateLimitCode = enumeration('envoy.service.ratelimit.v3.RateLimitResponse.Code', {
  UNKNOWN: 0,
  OK: 1,
  OVER_LIMIT: 2,
});

/** The answer: OK lets it go on, OVER_LIMIT ends it. */
export const RateLimitResponse = message('envoy.service.ratelimit.v3.RateLimitResponse', {
  overallCode: one(1, RateLimitCode),
  responseHeadersToAdd: many(3, HeaderValue),
  /** Body of the answer to a request that is ended. */
  rawBody: one(5, bytes),
});
export type RateLimitResponse = ValueOf<typeof RateLimitResponse>;
