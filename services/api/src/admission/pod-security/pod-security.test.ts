import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, test } from 'vitest';
import type { AnyObject } from '../../core/stored-object.ts';
import type { AdmissionStep } from '../chain.ts';
import { attemptFor, pass } from '../testing.ts';
import { policyOf } from './policy.ts';
import { violationsOf } from './standards.ts';
import { podSecurityStep } from './step.ts';

// Every rule and its words are compared with kube-apiserver's own: test/differential/cases/pod-security.yaml.

const prefix = 'pod-security.kubernetes.io/';
const pod = (spec: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default' },
  spec: { containers: [{ name: 'a', image: 'x' }], ...spec },
});

function stepIn(labels: Record<string, string>): AdmissionStep {
  const find = async (): Promise<AnyObject> => ({ metadata: { name: 'default', labels } }) as unknown as AnyObject;
  return podSecurityStep({ namespaces: { find } } as never);
}

describe('the policy of a namespace', () => {
  test.each<[Record<string, string>, object]>([
    [{}, { enforce: 'privileged', audit: 'privileged', warn: 'privileged' }],
    [{ enforce: 'baseline' }, { enforce: 'baseline', audit: 'privileged', warn: 'baseline' }],
    [
      { enforce: 'baseline', warn: 'privileged' },
      { enforce: 'baseline', audit: 'privileged', warn: 'privileged' },
    ],
    [
      { warn: 'restricted', audit: 'baseline' },
      { enforce: 'privileged', audit: 'baseline', warn: 'restricted' },
    ],
    // A label that cannot be read refuses all that is not restricted, and tells of nothing.
    [
      { enforce: 'odd', audit: 'odd', warn: 'odd' },
      { enforce: 'restricted', audit: 'privileged', warn: 'privileged' },
    ],
  ])('of labels %j is %j', (labels, levels) => {
    const own = Object.fromEntries(Object.entries(labels).map(([mode, level]) => [prefix + mode, level]));
    const { policy } = policyOf({ ...own, other: 'x' });
    const told = Object.entries(policy).map(([mode, { level }]) => [mode, level]);
    expect(Object.fromEntries(told)).toEqual(levels);
  });

  test('has a standard of an older version where the labels say so, and of the newest where they say it is unborn', () => {
    const spec = { ...pod().spec, hostUsers: false, containers: [{ name: 'a', securityContext: { runAsUser: 0 } }] };
    const reasons = (minor: number): string[] =>
      violationsOf({ level: 'restricted', minor }, { spec }).map(({ reason }) => reason);
    expect(reasons(0)).toEqual(['runAsNonRoot != true']);
    expect(reasons(34)).toContain('runAsUser=0');
    expect(reasons(35)).not.toContain('runAsUser=0');
    expect(reasons(99)).toEqual(reasons(Number.POSITIVE_INFINITY));
  });
});

describe('a pod', () => {
  test('that breaks what is enforced is refused, another one is not', async () => {
    const step = stepIn({ [`${prefix}enforce`]: 'baseline' });
    await expect(pass(step, attemptFor(pod({ hostPID: true })))).rejects.toMatchObject({
      reason: 'Forbidden',
      message: 'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
    });
    await pass(step, attemptFor(pod()));
  });

  test('is judged again when its images change, or a container is added, and not otherwise', async () => {
    const step = stepIn({ [`${prefix}enforce`]: 'baseline' });
    const stored = pod({ hostPID: true });
    const labelled = { ...stored, metadata: { ...stored.metadata, labels: { a: 'b' } } };
    await pass(step, attemptFor(labelled, { stored }));
    const image = pod({ hostPID: true, containers: [{ name: 'a', image: 'y' }] });
    await expect(pass(step, attemptFor(image, { stored }))).rejects.toThrow('host namespaces');
    const added = pod({ hostPID: true, ephemeralContainers: [{ name: 'e', image: 'z' }] });
    const request = { subresource: 'ephemeralcontainers' };
    await expect(pass(step, attemptFor(added, { stored, request }))).rejects.toThrow('host namespaces');
    await pass(step, attemptFor(image, { stored, request: { subresource: 'status' } }));
  });

  test('tells its author and the audit log what it breaks beside', async () => {
    const [warnings, notes] = [[] as string[], {} as Record<string, string>];
    const request = {
      warn: (text: string) => void warnings.push(text),
      annotate: (key: string, value: string) => {
        notes[key] = value;
      },
    };
    const labels = {
      [`${prefix}enforce`]: 'baseline',
      [`${prefix}warn`]: 'restricted',
      [`${prefix}audit`]: 'restricted',
    };
    await pass(stepIn(labels), attemptFor(pod(), { request }));
    expect(warnings).toEqual([expect.stringMatching(/^would violate PodSecurity "restricted:latest": allowPrivilege/)]);
    expect(notes).toEqual({
      [`${prefix}enforce-policy`]: 'baseline:latest',
      [`${prefix}audit-violations`]: warnings[0],
    });
  });
});
