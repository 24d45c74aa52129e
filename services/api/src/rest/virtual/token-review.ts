import type { TokenReviewStatus } from '@gantry/model/gen/gantry.authentication.v1.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { authenticateToken, type TokenAuthenticator, wrongAudience } from '../../auth/bearer.ts';
import { tokenIssuer } from '../../auth/tokens/claims.ts';
import type { VerifiedToken } from '../../auth/tokens/verifier.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { userInfoOf } from './self-subject-review.ts';
import type { VirtualResource } from './virtual.ts';

/** Tells a client whose token it was given. */
export function tokenReview(authenticators: readonly TokenAuthenticator[]): VirtualResource {
  const kind = virtualKinds.kindOf('authentication.k8s.io', 'TokenReview')!;
  return {
    kind,
    answer: async (_, { apiVersion, metadata, spec = {} }) => {
      const { token = '', audiences = [] } = spec as {
        readonly token?: string;
        readonly audiences?: readonly string[];
      };
      if (token === '') throw new GantryError('BadRequest', 'token is required for TokenReview in authentication');
      const status = await review(authenticators, token, audiences);
      return { apiVersion, kind: kind.kind, metadata, spec, status } as unknown as AnyObject;
    },
  };
}

const invalidToken = 'invalid bearer token';

/** Outcome of a review. @param asked Names of the recipient, one of which the token must be meant for; the api's where empty. */
async function review(
  authenticators: readonly TokenAuthenticator[],
  token: string,
  asked: readonly string[],
): Promise<TokenReviewStatus> {
  const wanted = asked.length === 0 ? [tokenIssuer] : asked;
  let verified: VerifiedToken | undefined;
  try {
    verified = await authenticateToken(authenticators, token);
  } catch (error) {
    if (!isError(error, 'Unauthorized')) throw error;
    return { user: {}, error: error.message.replace(/^Unauthorized: /, '') };
  }
  if (verified === undefined) return { user: {}, error: invalidToken };
  const audiences = wanted.filter((audience) => verified.audiences.includes(audience));
  if (audiences.length === 0)
    return { user: {}, error: `[${invalidToken}, ${wrongAudience(verified.audiences, wanted)}]` };
  return { authenticated: true, user: userInfoOf(verified.user), audiences };
}
