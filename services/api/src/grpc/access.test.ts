import { expect, test } from 'vitest';
import { type Attempt, forbidden } from '../auth/authorization.ts';
import { tokenIssuer } from '../auth/tokens/claims.ts';
import type { VerifiedToken } from '../auth/tokens/verifier.ts';
import type { User } from '../auth/user.ts';
import { reviewCaller } from './access.ts';

const node: User = { name: 'system:node:n', groups: ['system:nodes'] };
const jane: User = { name: 'jane', groups: [] };
const decide = (user: User, attempt: Attempt) => {
  const isMetrics = attempt.type === 'resource' && attempt.subresource === 'metrics' && attempt.name === 'n';
  return { decision: user.name === 'jane' && isMetrics ? 'allow' : 'no opinion', reason: '' } as const;
};
const deps = {
  decide,
  authorize: (user: User, attempt: Attempt) => {
    if (user !== node) throw forbidden(user, attempt);
  },
  authenticators: [
    (token: string): VerifiedToken | undefined => {
      if (token === 'hers') return { user: jane, audiences: [tokenIssuer] } as VerifiedToken;
      return token === 'for-others' ? ({ user: jane, audiences: ['vault'] } as VerifiedToken) : undefined;
    },
  ],
};
const asked = { nodeName: 'n', verb: 'get', subresources: ['metrics'] };

test.each([
  ['a token with the right', { token: 'hers' }, { authenticated: true, user: 'jane', allowed: true }],
  [
    'a token without it',
    { token: 'hers', subresources: ['proxy'] },
    { authenticated: true, user: 'jane', allowed: false },
  ],
  ['one of several rights', { token: 'hers', subresources: ['pods', 'metrics'] }, { allowed: true }],
  ['another node', { token: 'hers', nodeName: 'm' }, { allowed: false }],
  ['a token that is none', { token: 'x' }, { authenticated: false, allowed: false }],
  ['a token for others', { token: 'for-others' }, { authenticated: false, allowed: false }],
  ['a certificate', { user: 'jane', groups: ['g'] }, { authenticated: true, allowed: true }],
  ['nobody', {}, { authenticated: false, allowed: false }],
])('%s is reviewed', async (_, request, expected) => {
  expect(await reviewCaller(deps, { user: node }, { ...asked, ...request })).toMatchObject(expected);
});

test('only those may review whom a role allows it', async () => {
  await expect(reviewCaller(deps, { user: jane }, asked)).rejects.toMatchObject({ reason: 'Forbidden' });
});
