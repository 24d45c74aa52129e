import type { Pod, Toleration } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, test } from 'vitest';
import type { AnyObject } from '../core/stored-object.ts';
import { mirrorProblem } from './mountable-secrets.ts';
import { runtimeClassStep } from './runtime-class.ts';
import { serviceAccountStep } from './service-accounts.ts';
import { attemptFor, pass } from './testing.ts';
import { deadNodeTolerationSeconds, tolerationStep } from './tolerations.ts';

const pod = (spec: Partial<Pod['spec']> = {}, annotations: Record<string, string> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', annotations },
  spec: { containers: [{ name: 'a', image: 'x' }], ...spec },
});

/** A view of one object. */
const holding = (object: object): { find: () => Promise<AnyObject>; in: () => never[] } => ({
  find: async () => object as AnyObject,
  in: () => [],
});

describe('pods that say nothing of dead nodes', () => {
  const seconds = { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: deadNodeTolerationSeconds };

  test('stay on theirs for a while, and an update that leaves that out brings it back', async () => {
    const both = [
      { key: 'node.kubernetes.io/not-ready', ...seconds },
      { key: 'node.kubernetes.io/unreachable', ...seconds },
    ];
    expect((await pass(tolerationStep, attemptFor(pod()))).spec?.tolerations).toEqual(both);
    expect((await pass(tolerationStep, attemptFor(pod(), { stored: pod() }))).spec?.tolerations).toEqual(both);
    const request = { subresource: 'status' };
    expect(
      (await pass(tolerationStep, attemptFor(pod(), { stored: pod(), request }))).spec?.tolerations,
    ).toBeUndefined();
  });

  test.each<[Toleration[], number]>([
    [[{ operator: 'Exists' }], 1],
    [[{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }], 2],
    [[{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoSchedule' }], 3],
  ])('but not where they have a word on it: %j', async (tolerations, count) => {
    expect((await pass(tolerationStep, attemptFor(pod({ tolerations })))).spec?.tolerations).toHaveLength(count);
  });
});

describe('a class of pods', () => {
  const step = (object: object): ReturnType<typeof runtimeClassStep> => runtimeClassStep(holding(object) as never);
  const tolerations = [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }];
  const fast = { overhead: { podFixed: { cpu: '100m' } }, scheduling: { nodeSelector: { disk: 'ssd' }, tolerations } };

  test('gives its overhead, its nodes, and tolerations unless the pod has wider ones', async () => {
    const { spec } = await pass(step(fast), attemptFor(pod({ runtimeClassName: 'fast', nodeSelector: { a: 'b' } })));
    expect(spec).toMatchObject({ overhead: { cpu: '100m' }, nodeSelector: { a: 'b', disk: 'ssd' }, tolerations });
    const wide = [{ key: 'k', operator: 'Exists' }];
    const again = await pass(step(fast), attemptFor(pod({ runtimeClassName: 'fast', tolerations: wide })));
    expect(again.spec?.tolerations).toEqual(wide);
  });

  test.each<[object, Partial<Pod['spec']>, string]>([
    [
      fast,
      { runtimeClassName: 'fast', nodeSelector: { disk: 'hdd' } },
      'conflict: runtimeClass.scheduling.nodeSelector[disk] = ssd',
    ],
    [fast, { runtimeClassName: 'fast', overhead: { cpu: '1' } }, "pod rejected: Pod's Overhead doesn't match"],
    [{}, { overhead: { cpu: '1' } }, 'pod rejected: Pod Overhead set without corresponding RuntimeClass'],
  ])('%j refuses a pod of %j', async (runtimeClass, spec, problem) => {
    await expect(pass(step(runtimeClass), attemptFor(pod(spec)))).rejects.toThrow(`pods "p" is forbidden: ${problem}`);
  });
});

describe('an account that keeps Secrets to itself', () => {
  const account = (enforce: string): object => ({
    metadata: { name: 'bot', annotations: { 'kubernetes.io/enforce-mountable-secrets': enforce } },
    secrets: [{ name: 'own' }],
    imagePullSecrets: [{ name: 'registry' }],
    automountServiceAccountToken: false,
  });
  const step = (enforce: string): ReturnType<typeof serviceAccountStep> =>
    serviceAccountStep({
      accounts: holding(account(enforce)),
      clock: { sleep: async () => undefined },
      random: () => 0,
    });
  const uses = (name: string): [string, Partial<Pod['spec']>][] => {
    const env = [{ name: 'E', valueFrom: { secretKeyRef: { name, key: 'k' } } }];
    const suffix = 'is not allowed because service account bot does not reference that secret';
    return [
      [`volume with secret.secretName="${name}" ${suffix}`, { volumes: [{ name: 'v', secret: { secretName: name } }] }],
      [
        `container a with envVar E referencing secret.secretName="${name}" ${suffix}`,
        { containers: [{ name: 'a', env }] },
      ],
      [
        `init container i with envFrom referencing secret.secretName="${name}" ${suffix}`,
        { initContainers: [{ name: 'i', envFrom: [{ secretRef: { name } }] }] },
      ],
    ];
  };

  test.each(uses('other'))('refuses: %s', async (problem, spec) => {
    await expect(pass(step('true'), attemptFor(pod(spec)))).rejects.toMatchObject({
      reason: 'Forbidden',
      message: `pods "p" is forbidden: ${problem}`,
    });
    await pass(step('false'), attemptFor(pod(spec)));
  });

  test.each(uses('own'))('lets its own pass, which would be: %s', async (_problem, spec) => {
    await expect(pass(step('true'), attemptFor(pod(spec)))).resolves.toMatchObject({
      spec: { serviceAccountName: 'bot' },
    });
  });

  test('looks at pull secrets, and at containers that are added to a pod', async () => {
    const pulls = pod({ imagePullSecrets: [{ name: 'other' }] });
    const problem = 'imagePullSecrets[0].name="other" is not allowed';
    await expect(pass(step('true'), attemptFor(pulls))).rejects.toThrow(problem);
    const added = pod({ ephemeralContainers: [{ name: 'e', envFrom: [{ secretRef: { name: 'other' } }] }] });
    const request = { subresource: 'ephemeralcontainers' };
    await expect(pass(step('true'), attemptFor(added, { stored: pod(), request }))).rejects.toThrow(
      'ephemeral container e',
    );
  });
});

describe('a mirror of a pod that a node runs by itself', () => {
  test.each<[string, Partial<Pod['spec']>]>([
    ['a mirror pod may not reference service accounts', { serviceAccountName: 'bot' }],
    ['a mirror pod may not reference secrets', { volumes: [{ name: 'v', secret: { secretName: 's' } }] }],
    [
      'a mirror pod may not reference secrets',
      { containers: [{ name: 'a', envFrom: [{ secretRef: { name: 's' } }] }] },
    ],
    [
      'a mirror pod may not use ServiceAccountToken volume projections',
      { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
    ],
  ])('is refused: %s', (problem, spec) => {
    expect(mirrorProblem(pod(spec))).toBe(problem);
  });

  test('has no identity, and needs none', async () => {
    const step = serviceAccountStep({
      accounts: { find: async () => undefined },
      clock: { sleep: async () => undefined },
      random: () => 0,
    });
    const mirror = pod({}, { 'kubernetes.io/config.mirror': 'x' });
    expect(await pass(step, attemptFor(mirror))).toEqual(mirror);
    await expect(pass(step, attemptFor(pod()))).rejects.toThrow(
      'error looking up service account default/default: serviceaccount "default" not found',
    );
  });
});
