/** Questions of servers about their callers. */
import type { Client as GrpcClient } from '@grpc/grpc-js';
import type { CallOptions } from './api.ts';
import { type CallDefaults, callUnary } from './calls.ts';
import { accessService } from './protos.ts';

/** A caller and its wish; see proto/gantry/api/v1/access.proto. */
export interface ReviewCallerRequest {
  readonly token?: string;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly nodeName: string;
  readonly verb: string;
  readonly subresources: readonly string[];
}

export interface ReviewCallerResponse {
  readonly authenticated: boolean;
  readonly user: string;
  readonly allowed: boolean;
}

/** AccessService as the other side calls it. */
export class AccessCalls {
  readonly #client: GrpcClient;
  readonly #defaults: CallDefaults;

  constructor(client: GrpcClient, defaults: CallDefaults) {
    this.#client = client;
    this.#defaults = defaults;
  }

  /** Reviews the caller of a node's port: its name, and its right to do what it wants. */
  reviewCaller(
    request: ReviewCallerRequest,
    { signal, timeoutMs = this.#defaults.timeoutMs }: CallOptions = {},
  ): Promise<ReviewCallerResponse> {
    const bounds = { ...this.#defaults, signal, timeoutMs, idempotent: true };
    return callUnary(this.#client, accessService.ReviewCaller!, request, bounds);
  }
}
