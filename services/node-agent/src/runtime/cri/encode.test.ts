import { describe, expect, it } from 'vitest';
import type { SandboxConfig } from '../runtime.ts';
import { decodeSandboxConfig, encodeContainer, encodeResources, encodeSandbox } from './encode.ts';

const sandbox: SandboxConfig = {
  podUid: 'u',
  namespace: 'default',
  name: 'web',
  attempt: 1,
  hostname: 'web',
  logDirectory: '/logs',
  sysctls: { 'net.core.somaxconn': '100' },
  portMappings: [{ protocol: 'TCP', containerPort: 80, hostPort: 8080 }],
  cgroupParent: '/gantry/pod-u',
  labels: { app: 'web' },
  annotations: { note: 'x' },
};
const container = { name: 'main', attempt: 0, image: 'app', logPath: 'main/0.log' };

describe('CRI messages', () => {
  it('a sandbox’s config comes back from its annotations', () => {
    expect(decodeSandboxConfig(encodeSandbox(sandbox, 'node-1'))).toEqual(sandbox);
    expect(decodeSandboxConfig({ labels: {}, annotations: {} })).toBeUndefined();
  });

  it('the node’s network has neither a hostname nor ports of its own', () => {
    const encoded = encodeSandbox({ ...sandbox, hostNetwork: true }, 'node-1');
    expect(encoded).toMatchObject({ hostname: '', portMappings: [] });
    expect(encoded.linux.securityContext.namespaceOptions).toEqual({ network: 'NODE', pid: 'CONTAINER', ipc: 'POD' });
  });

  it('no limit is no limit', () => {
    expect(encodeResources({})).toEqual({
      cpuShares: 0,
      cpuQuota: 0,
      cpuPeriod: 0,
      memoryLimitInBytes: 0,
      oomScoreAdj: 0,
      cpusetCpus: '',
    });
    expect(encodeResources({ cpuQuotaUs: 50_000 })).toMatchObject({ cpuQuota: 50_000, cpuPeriod: 100_000 });
  });

  it('a container is confined unless it is privileged', () => {
    const security = (extra: object) =>
      encodeContainer(sandbox, { ...container, security: extra }, 'node-1').linux.securityContext;
    expect(security({})).toMatchObject({
      privileged: false,
      noNewPrivs: false,
      seccomp: { profileType: 'RuntimeDefault' },
    });
    expect(security({}).maskedPaths).toContain('/proc/kcore');
    expect(security({})).not.toHaveProperty('runAsUser');
    expect(security({ runAsUser: 0 })).toMatchObject({ runAsUser: { value: 0 } });
    expect(security({ privileged: true })).toMatchObject({
      maskedPaths: [],
      readonlyPaths: [],
      seccomp: { profileType: 'Unconfined' },
    });
    expect(security({ seccomp: '/profiles/a.json' })).toMatchObject({
      seccomp: { profileType: 'Localhost', localhostRef: '/profiles/a.json' },
    });
  });
});
