import { builtIn, genericKindOf } from '@gantry/model/built-in.ts';
import { describe, expect, test } from 'vitest';
import { attemptOf } from '../core/admit.ts';
import { objectKey } from '../core/keys.ts';
import { type AnyObject, ObjectCache } from '../core/stored-object.ts';
import { podCertificateStep } from './pod-certificates.ts';

const stored: Record<string, object> = {
  [objectKey(genericKindOf('Node'), undefined, 'one')]: { metadata: { name: 'one', uid: 'node-uid' } },
  'pods/default/web': {
    metadata: { name: 'web', namespace: 'default', uid: 'pod-uid' },
    spec: {
      nodeName: 'one',
      serviceAccountName: 'runner',
      volumes: [{ projected: { sources: [{ podCertificate: { signerName: 'example.com/web' } }] } }],
    },
  },
  'pods/default/elsewhere': {
    metadata: { name: 'elsewhere', namespace: 'default', uid: 'pod-uid' },
    spec: { nodeName: 'two', serviceAccountName: 'runner' },
  },
  'serviceaccounts/default/runner': { metadata: { name: 'runner', namespace: 'default', uid: 'account-uid' } },
};
const store = {
  get: async (key: string) => {
    const object = stored[key];
    return object && { key, value: JSON.stringify({ apiVersion: 'v1', kind: 'Stored', ...object }), revision: 1 };
  },
};
const spec = {
  ...{ nodeName: 'one', nodeUID: 'node-uid', podName: 'web', podUID: 'pod-uid' },
  ...{ serviceAccountName: 'runner', serviceAccountUID: 'account-uid', signerName: 'example.com/web' },
};
const kind = builtIn.kindOf('certificates.k8s.io', 'PodCertificateRequest')!;
const form = builtIn.forms.find((each) => each.kind === kind)!;

function admit(change: Partial<typeof spec>, userName = 'system:node:one'): Promise<void> {
  const step = podCertificateStep({ store, cache: new ObjectCache(1_000) });
  const user = { name: userName, groups: userName.startsWith('system:node:') ? ['system:nodes'] : [] };
  const signal = new AbortController().signal;
  const told = { warn: () => undefined, annotate: () => undefined };
  const request = { user, fieldManager: '', subresource: '', dryRun: false, signal, ...told };
  const object = {
    metadata: { name: 'r', namespace: 'default' },
    spec: { ...spec, ...change },
  } as unknown as AnyObject;
  const attempt = attemptOf(request, { kind, form, namespace: 'default', name: 'r', object, stored: undefined });
  return step.handles(attempt) ? Promise.resolve(step.validate!(attempt)) : Promise.resolve();
}

describe('a request of a node for the certificate of a pod', () => {
  test('passes for a pod that runs there, by all of its names', async () => {
    await expect(admit({})).resolves.toBeUndefined();
  });

  test.each([
    ['another node object', { nodeUID: 'x' }, 'names node UID "x", inconsistent with the running node'],
    ['a pod that there is not', { podName: 'gone' }, 'contains pod UID ("pod-uid") which differs from running pod'],
    ['an earlier pod of that name', { podUID: 'x' }, 'contains pod UID ("x") which differs from running pod'],
    ['a pod of another node', { podName: 'elsewhere' }, 'pod "default/elsewhere" is not running on node "one"'],
    ['another account', { serviceAccountName: 'admin' }, 'contains serviceAccountName ("admin") that differs'],
    ['an earlier account', { serviceAccountUID: 'x' }, 'names service account UID "x", which differs'],
    ['a signer that no volume names', { signerName: 'example.com/other' }, 'which no volume of the pod names'],
  ])('is refused for %s', async (_name, change, problem) => {
    await expect(admit(change)).rejects.toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining(problem),
    });
  });

  test('of somebody who is no node is for roles to judge', async () => {
    await expect(admit({ podName: 'gone' }, 'ann')).resolves.toBeUndefined();
  });
});
