import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { jsonFieldsOf } from '@gantry/model/schema.ts';
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../pods/admission.ts';
import { plannedContainers } from '../pods/spec.ts';
import { podOf } from '../testing/pod-world.ts';
import { fieldSupport } from './field-support.ts';
import { checkSupported } from './refusals.ts';

const prefix = 'gantry.core.v1.';

/** Every field that a pod's spec can hold, as Message.field, with what the list says of it; below what is refused or others' nothing is asked. */
function walk(): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  const open = ['PodSpec'];
  const seen = new Set(open);
  for (let message = open.pop(); message !== undefined; message = open.pop()) {
    for (const [name, { type }] of jsonFieldsOf(prefix + message)) {
      const support = fieldSupport[message]?.[name];
      found.set(`${message}.${name}`, support);
      const isOwn = type.kind === 'message' && type.name.startsWith(prefix);
      if (!isOwn || (support !== 'agent' && support !== undefined)) continue;
      const next = type.name.slice(prefix.length);
      if (!seen.has(next)) open.push(next);
      seen.add(next);
    }
  }
  return found;
}

const container = (extra: Partial<Container>): Partial<Pod['spec']> => ({
  containers: [{ name: 'web', image: 'busybox', ...extra }],
});

/** A spec that asks for each refused field. */
const examples: Readonly<Record<string, Partial<Pod['spec']>>> = {
  'PodSpec.runtimeClassName': { runtimeClassName: 'gvisor' },
  'PodSpec.hostUsers': { hostUsers: false },
  'PodSpec.resourceClaims': { resourceClaims: [{ name: 'gpu' }] },
  'PodOS.name': { os: { name: 'windows' } },
  'PodSecurityContext.seLinuxOptions': { securityContext: { seLinuxOptions: { level: 's0' } } },
  'PodSecurityContext.windowsOptions': { securityContext: { windowsOptions: { runAsUserName: 'x' } } },
  'PodSecurityContext.supplementalGroupsPolicy': { securityContext: { supplementalGroupsPolicy: 'Strict' } },
  'PodSecurityContext.sysctls': { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
  'PodSecurityContext.appArmorProfile': { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } },
  'Container.restartPolicyRules': container({ restartPolicyRules: [{ action: 'Restart' }] }),
  'Container.volumeDevices': container({ volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }),
  'EphemeralContainer.restartPolicyRules': {
    containers: [],
    ephemeralContainers: [{ name: 'debugger', restartPolicyRules: [{ action: 'Restart' }] }],
  },
  'EphemeralContainer.volumeDevices': {
    containers: [],
    ephemeralContainers: [{ name: 'debugger', volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }],
  },
  'EnvVarSource.fileKeyRef': container({
    env: [{ name: 'E', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k' } } }],
  }),
  'ResourceRequirements.claims': container({ resources: { claims: [{ name: 'gpu' }] } }),
  'VolumeMount.recursiveReadOnly': container({
    volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true, recursiveReadOnly: 'Enabled' }],
  }),
  'Lifecycle.stopSignal': container({ lifecycle: { stopSignal: 'SIGUSR1' } }),
  'SecurityContext.seLinuxOptions': container({ securityContext: { seLinuxOptions: { type: 't' } } }),
  'SecurityContext.windowsOptions': container({ securityContext: { windowsOptions: { hostProcess: true } } }),
  'SecurityContext.appArmorProfile': container({
    securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'p' } },
  }),
};

describe('every field of a pod', () => {
  const fields = walk();

  it('is on the list, and the list names no field that there is not', () => {
    expect([...fields].filter(([, support]) => support === undefined)).toEqual([]);
    const listed = Object.entries(fieldSupport).flatMap(([message, names]) =>
      Object.keys(names).map((name) => `${message}.${name}`),
    );
    expect(listed.filter((field) => !fields.has(field))).toEqual([]);
  });

  const refused = [...fields].filter(([, support]) => support === 'refused').map(([field]) => field);
  const ofContainers = refused.filter((field) => !/^(Volume|VolumeProjection)\./.test(field));

  it.each(ofContainers)('%s is refused by its name', (field) => {
    const example = examples[field];
    expect(example, 'there is an example').toBeDefined();
    const pod = podOf(example);
    const rejection = rejectionOf(pod, { allowedUnsafeSysctls: [] });
    if (rejection !== undefined) return;
    const name = field.slice(field.indexOf('.') + 1);
    expect(() => checkSupported(pod, plannedContainers(pod)[0]!, { seLinux: true })).toThrow(
      new RegExp(`${name}: .* is not supported by`),
    );
  });

  it('that asks for nothing is not refused', () => {
    const pod = podOf({
      hostUsers: true,
      resourceClaims: [],
      securityContext: { supplementalGroupsPolicy: 'Merge', appArmorProfile: { type: 'Unconfined' } },
      ...container({
        volumeDevices: [],
        lifecycle: { stopSignal: 'SIGTERM' },
        securityContext: { seLinuxOptions: {} },
      }),
    });
    expect(rejectionOf(pod, { allowedUnsafeSysctls: [] })).toBeUndefined();
    expect(() => checkSupported(pod, plannedContainers(pod)[0]!, { seLinux: true })).not.toThrow();
  });
});

describe('seLinuxOptions', () => {
  it.each([
    [{ securityContext: { seLinuxOptions: { level: 's0' } } }],
    [container({ securityContext: { seLinuxOptions: { level: 's0' } } })],
  ])('ask for nothing where the kernel does not enforce SELinux: %j', (spec) => {
    const pod = podOf(spec);
    const planned = plannedContainers(pod)[0]!;
    expect(() => checkSupported(pod, planned, { seLinux: false })).not.toThrow();
    expect(() => checkSupported(pod, planned, { seLinux: true })).toThrow(
      'seLinuxOptions: {"level":"s0"} is not supported',
    );
  });
});

describe('sysctls', () => {
  const pod = (name: string) => podOf({ securityContext: { sysctls: [{ name, value: '1' }] } });
  it.each([
    ['net.ipv4.ip_unprivileged_port_start', [], undefined],
    ['net/ipv4/tcp_syncookies', [], undefined],
    ['kernel.msgmax', [], 'forbidden sysctl: "kernel.msgmax" not allowlisted'],
    ['kernel.msgmax', ['kernel.msg*'], undefined],
    ['net.core.somaxconn', ['net.core.somaxconn'], undefined],
    ['net.core.somaxconn', ['net.core.some'], 'forbidden sysctl: "net.core.somaxconn" not allowlisted'],
  ])('%s with %j allowed', (name, allowedUnsafeSysctls, message) => {
    expect(rejectionOf(pod(name), { allowedUnsafeSysctls })?.message).toBe(message);
  });
});
