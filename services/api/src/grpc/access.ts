import type { ReviewCallerRequest, ReviewCallerResponse } from '@gantry/client/access.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { type Authorize, type Authorizer, attemptOn } from '../auth/authorization.ts';
import { authenticateToken, type TokenAuthenticator } from '../auth/bearer.ts';
import { tokenIssuer } from '../auth/tokens/claims.ts';
import { type User, wellKnown } from '../auth/user.ts';
import type { RequestContext } from '../core/context.ts';
import type { Calls } from './calls.ts';
import { on } from './purposes.ts';

/** Parts of reviews. */
export interface AccessDeps {
  readonly authorize: Authorize;
  readonly decide: Authorizer;
  readonly authenticators: readonly TokenAuthenticator[];
}

const maxSubresources = 8;

/** AccessService. */
export function accessHandlers(deps: AccessDeps, calls: Calls): UntypedServiceImplementation {
  return {
    ReviewCaller: calls.unary(
      (context, request: ReviewCallerRequest) => reviewCaller(deps, context, request),
      () => on('create', 'subjectaccessreviews.authorization.k8s.io'),
    ),
  };
}

/** Throws Forbidden for those who may not review. */
export async function reviewCaller(
  { authorize, decide, authenticators }: AccessDeps,
  context: Pick<RequestContext, 'user'>,
  { token = '', user = '', groups = [], nodeName, verb, subresources }: ReviewCallerRequest,
): Promise<ReviewCallerResponse> {
  authorize(context.user, attemptOn('create', 'tokenreviews.authentication.k8s.io'));
  authorize(context.user, attemptOn('create', 'subjectaccessreviews.authorization.k8s.io'));
  if (!nodeName) throw new GantryError('BadRequest', 'nodeName: Required value');
  if (subresources.length > maxSubresources) {
    throw new GantryError(
      'BadRequest',
      `subresources: Too many: ${subresources.length}: must have at most ${maxSubresources} items`,
    );
  }
  const caller = token === '' ? named(user, groups) : await holderOf(authenticators, token);
  if (caller === undefined) return { authenticated: false, user: '', allowed: false };
  const allowed = subresources.some((subresource) => {
    const attempt = attemptOn(verb, `nodes/${subresource}`, { name: nodeName, version: 'v1' });
    return decide(caller, attempt).decision === 'allow';
  });
  return { authenticated: true, user: caller.name, allowed };
}

function named(name: string, groups: readonly string[]): User | undefined {
  return name === '' ? undefined : { name, groups: [...groups, wellKnown.authenticated] };
}

/** The holder of a token that is meant for the api, as Kubernetes' reviews take it; undefined for one that is no good. */
async function holderOf(authenticators: readonly TokenAuthenticator[], token: string): Promise<User | undefined> {
  try {
    const verified = await authenticateToken(authenticators, token);
    return verified?.audiences.includes(tokenIssuer) ? verified.user : undefined;
  } catch (error) {
    if (isError(error, 'Unauthorized')) return undefined;
    throw error;
  }
}
