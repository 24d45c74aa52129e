import type { Pod, ServiceAccount } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, test } from 'vitest';
import { podNamed, startTestApi } from '../testing/harness.ts';
import { asAccount } from './service-accounts.ts';

const account = (fields: Partial<ServiceAccount> = {}): ServiceAccount => {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot', namespace: 'default' }, ...fields };
};
const pod = (spec: Partial<Pod['spec']> = {}): Pod => {
  return { ...podNamed('web'), spec: { containers: [{ name: 'a', image: 'x' }], ...spec } };
};
const admitted = (spec: Partial<Pod['spec']>, fields: Partial<ServiceAccount> = {}) =>
  asAccount(pod(spec), account(fields), () => 0).spec;

const name = 'kube-api-access-bbbbb';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const mount = { name, readOnly: true, mountPath };

describe("an account's pod", () => {
  // As kube-apiserver answers the same pod.
  test('has a volume with its token, mounted in each container that has nothing in its place', () => {
    const other = { name: 'v', mountPath };
    const spec = admitted({
      initContainers: [{ name: 'i', image: 'x' }],
      containers: [
        { name: 'a', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/v' }] },
        { name: 'b', image: 'x', volumeMounts: [other] },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
    });
    expect(spec).toMatchObject({ serviceAccountName: 'bot', serviceAccount: 'bot' });
    expect(spec.initContainers![0]!.volumeMounts).toEqual([mount]);
    expect(spec.containers[0]!.volumeMounts).toEqual([{ name: 'v', mountPath: '/v' }, mount]);
    expect(spec.containers[1]!.volumeMounts).toEqual([other]);
    expect(spec.volumes).toEqual([
      { name: 'v', emptyDir: {} },
      {
        name,
        projected: {
          sources: [
            { serviceAccountToken: { expirationSeconds: 3_607, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            {
              downwardAPI: {
                items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
              },
            },
          ],
          defaultMode: 420,
        },
      },
    ]);
  });

  test.each<[Partial<Pod['spec']>, Partial<ServiceAccount>, boolean]>([
    [{}, {}, true],
    [{ automountServiceAccountToken: false }, {}, false],
    [{ automountServiceAccountToken: false }, { automountServiceAccountToken: true }, false],
    [{}, { automountServiceAccountToken: false }, false],
    [{ automountServiceAccountToken: true }, { automountServiceAccountToken: false }, true],
    [{ containers: [{ name: 'a', image: 'x', volumeMounts: [{ name: 'v', mountPath }] }] }, {}, false],
  ])('%j of an account %j has a token: %s', (spec, fields, has) => {
    expect(admitted(spec, fields).volumes !== undefined).toBe(has);
  });

  test("pulls images with its own secrets, or else with the account's", () => {
    const imagePullSecrets = [{ name: 'registry' }];
    expect(admitted({}, { imagePullSecrets }).imagePullSecrets).toEqual(imagePullSecrets);
    expect(admitted({ imagePullSecrets: [{ name: 'own' }] }, { imagePullSecrets }).imagePullSecrets).toEqual([
      { name: 'own' },
    ]);
  });

  test('keeps a volume that it has already', () => {
    const first = asAccount(pod(), account(), () => 0);
    expect(asAccount(first, account(), () => 0.5)).toEqual(first);
  });
});

test('a pod is made as soon as its account is there, and refused where that does not come', async () => {
  await using running = await startTestApi({}, undefined, { rootCertificate: 'PEM' });
  const { client } = running;
  const waiting = client.create(podNamed('web'));
  await client.create(account({ metadata: { name: 'default', namespace: 'default' } }));
  expect((await waiting).spec.serviceAccountName).toBe('default');
  await expect(
    client.create({ ...podNamed('other'), spec: { ...podNamed('other').spec, serviceAccountName: 'nobody' } }),
  ).rejects.toThrow(
    'pods "other" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
  );
});
