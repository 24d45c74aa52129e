import { expect, test } from 'vitest';
import type { AdmissionAttempt } from '../admission/chain.ts';
import { quietRequest } from '../admission/testing.ts';
import type { Authorizer } from '../auth/authorization.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { attestationStep } from './permissions.ts';

const bundle = (spec: object, metadata: object = {}): AnyObject =>
  ({ kind: 'ClusterTrustBundle', metadata: { name: 'b', ...metadata }, spec }) as unknown as AnyObject;

/** Lets nobody do anything but attest for one signer. */
const decide: Authorizer = (_user, attempt) => {
  const may = attempt.verb === 'attest' && 'name' in attempt && attempt.name === 'example.com/mine';
  return { decision: may ? 'allow' : 'no opinion', reason: '' };
};

function attest(object: AnyObject, stored?: AnyObject): void {
  const kind = { group: 'certificates.k8s.io', kind: 'ClusterTrustBundle', plural: 'clustertrustbundles' };
  const operation = stored === undefined ? 'CREATE' : 'UPDATE';
  const attempt = { request: quietRequest, operation, kind, namespace: '', name: 'b', object, stored };
  const step = attestationStep(decide);
  expect(step.handles(attempt as unknown as AdmissionAttempt)).toBe(true);
  step.validate!(attempt as unknown as AdmissionAttempt);
}

test('anchors of trust are published for a signer by those alone who may attest for it', () => {
  attest(bundle({ signerName: 'example.com/mine', trustBundle: 'PEM' }));
  attest(bundle({ trustBundle: 'PEM' }));
  const theirs = bundle({ signerName: 'example.com/theirs', trustBundle: 'PEM' });
  const problem =
    'clustertrustbundles.certificates.k8s.io "b" is forbidden: user not permitted to attest for signerName "example.com/theirs"';
  expect(() => attest(theirs)).toThrow(problem);
  expect(() => attest(bundle({ ...theirs.spec, trustBundle: 'other' }), theirs)).toThrow(problem);
  // Garbage collection takes owners and finalizers away.
  attest(theirs, bundle(theirs.spec!, { finalizers: ['example.com/x'] }));
});
