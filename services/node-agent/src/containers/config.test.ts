import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import { keys } from '../pods/labels.ts';
import { plannedContainers } from '../pods/spec.ts';
import { podOf } from '../testing/pod-world.ts';
import { containerConfigOf } from './config.ts';
import { hostsFileOf, sharedHostsFileOf } from './hosts-file.ts';
import { pullAuthFor } from './pull-secrets.ts';
import { resourcesOf } from './resources.ts';
import { hostnameOf, sandboxConfigOf } from './sandbox.ts';
import { securityOf } from './security.ts';

const image = { id: 'sha256:1', tags: [], digests: [], sizeBytes: 1 };
const gib = 2 ** 30;

function configOf(container: Partial<Container>, spec: Partial<Pod['spec']> = {}, image_: object = image) {
  const pod = podOf({ containers: [{ name: 'main', image: 'app:1', ...container }], ...spec });
  const planned = plannedContainers(pod)[0]!;
  const env = [{ name: 'WHO', value: 'world' }];
  return containerConfigOf({
    pod,
    planned,
    attempt: 2,
    delayMs: 10_000,
    image: image_ as typeof image,
    env,
    mounts: [],
    nodeMemoryBytes: 8 * gib,
    seccompRoot: '/root/seccomp',
  });
}

describe('a container', () => {
  it('gets its command with variables, and what the next agent must know of it', () => {
    const config = configOf({ command: ['echo', 'hello $(WHO)'], args: ['$$(WHO)'] });
    expect(config).toMatchObject({
      image: 'sha256:1',
      command: ['echo', 'hello world'],
      args: ['$(WHO)'],
      logPath: 'main/2.log',
    });
    expect(config.labels?.[keys.role]).toBe('main');
    expect(config.annotations).toEqual({ [keys.share]: '{"requests":{},"limits":{}}', [keys.restartDelayMs]: '10000' });
  });

  it('has its own security settings over those of its pod', () => {
    const securityContext = {
      runAsUser: 1,
      runAsGroup: 2,
      fsGroup: 3,
      supplementalGroups: [4],
      seccompProfile: { type: 'Unconfined' },
    };
    const own = {
      runAsUser: 9,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      allowPrivilegeEscalation: false,
    };
    expect(configOf({ securityContext: own }, { securityContext }).security).toEqual({
      runAsUser: 9,
      runAsGroup: 2,
      supplementalGroups: [3, 4],
      readOnlyRootfs: true,
      dropCapabilities: ['ALL'],
      allowPrivilegeEscalation: false,
      seccomp: 'Unconfined',
    });
  });

  it.each([
    [{}, { ...image, user: 0 }, 'image will run as root'],
    [{}, image, 'image will run as root'],
    [{}, { ...image, userName: 'app' }, 'non-numeric user (app)'],
    [{ runAsUser: 0 }, image, 'runAsUser breaks non-root policy'],
  ])('must not run as root where runAsNonRoot: %j', (own, withUser, message) => {
    expect(() => configOf({ securityContext: { runAsNonRoot: true, ...own } }, {}, withUser)).toThrow(message);
  });

  it('may run as another user where runAsNonRoot', () => {
    expect(configOf({ securityContext: { runAsNonRoot: true } }, {}, { ...image, user: 5 })).toMatchObject({
      attempt: 2,
    });
    expect(configOf({ securityContext: { runAsNonRoot: true, runAsUser: 5 } })).toMatchObject({ attempt: 2 });
  });

  it('is limited and weighed by its resources', () => {
    const of = (resources: object) => {
      const pod = podOf({ containers: [{ name: 'main', image: 'app:1', resources }] });
      return resourcesOf(pod, pod.spec.containers[0]!, 8 * gib);
    };
    expect(of({})).toEqual({ cpuShares: 2, oomScoreAdj: 1_000 });
    expect(of({ requests: { cpu: '500m', memory: '2Gi' }, limits: { cpu: '1500m', memory: '4Gi' } })).toEqual({
      cpuShares: 512,
      cpuPeriodUs: 100_000,
      cpuQuotaUs: 150_000,
      memoryLimitBytes: 4 * gib,
      oomScoreAdj: 750,
    });
    expect(of({ limits: { cpu: '1m', memory: '1Gi' } })).toMatchObject({ cpuQuotaUs: 1_000, oomScoreAdj: -997 });
  });
});

describe('a sandbox', () => {
  const inputs = {
    attempt: 1,
    logDirectory: '/logs',
    dns: undefined,
    cgroupRoot: '/n',
    clusterDomain: 'cluster.local',
  };
  const sandboxOf = (spec: Partial<Pod['spec']>) => sandboxConfigOf({ ...inputs, pod: podOf(spec) });

  it('has its pod as name, ports of the node, and a cgroup', () => {
    const ports = [{ containerPort: 80, hostPort: 8080, hostIP: '127.0.0.1' }, { containerPort: 81 }];
    const pod = podOf({ containers: [{ name: 'main', image: 'app:1', ports }], terminationGracePeriodSeconds: 5 });
    const config = sandboxConfigOf({
      pod,
      attempt: 1,
      logDirectory: '/logs',
      dns: undefined,
      cgroupRoot: '/gantry/n',
      clusterDomain: 'cluster.local',
    });
    expect(config).toMatchObject({
      podUid: 'uid-1',
      attempt: 1,
      hostname: 'web',
      cgroupParent: '/gantry/n/poduid-1',
      portMappings: [{ protocol: 'TCP', containerPort: 80, hostPort: 8080, hostIp: '127.0.0.1' }],
      annotations: { [keys.graceSeconds]: '5' },
    });
  });

  it.each([
    [{ subdomain: 'db', setHostnameAsFQDN: true }, 'web.db.default.svc.cluster.local'],
    [{ subdomain: 'db' }, 'web'],
    [{ setHostnameAsFQDN: true }, 'web'],
    [{ hostname: 'db-0', hostnameOverride: 'other.example.com' }, 'other.example.com'],
  ])('with %j is called %s', (spec, hostname) => {
    expect(sandboxOf(spec).hostname).toBe(hostname);
  });

  it('whose full name is longer than Linux takes is refused', () => {
    const spec = { hostname: 'h'.repeat(40), subdomain: 's'.repeat(20), setHostnameAsFQDN: true };
    expect(() => sandboxOf(spec)).toThrow(/is too long \(64 characters is the max, 87 characters requested\)/);
  });

  it('cuts a name that is too long for a host name', () => {
    expect(hostnameOf(podOf({}, { name: `${'a'.repeat(62)}-b` }))).toBe('a'.repeat(62));
    expect(hostnameOf(podOf({ hostname: 'db' }))).toBe('db');
  });

  it('knows itself and its aliases', () => {
    const pod = podOf({ hostname: 'db-0', subdomain: 'db', hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] });
    const text = hostsFileOf(pod, ['10.0.0.5'], 'cluster.local');
    expect(text).toContain('10.0.0.5\tdb-0.db.default.svc.cluster.local\tdb-0\n');
    expect(text).toContain('1.2.3.4\ta\tb\n');
    expect(text.startsWith('# Kubernetes-managed hosts file.\n')).toBe(true);
  });

  it("on the node's network knows what the node knows, and its aliases", () => {
    const pod = podOf({ hostNetwork: true, hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] });
    expect(sharedHostsFileOf(pod, '127.0.0.1\tlocalhost\n')).toBe(
      '# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n1.2.3.4\ta\tb\n',
    );
  });
});

describe('what a container may do', () => {
  const of = (securityContext: object) =>
    securityOf(podOf(), { name: 'main', securityContext } as never, '/var/lib/gantry/seccomp');
  it("looks a localhost profile up below the node's own directory", () => {
    const profile = (localhostProfile: string) => of({ seccompProfile: { type: 'Localhost', localhostProfile } });
    expect(profile('profiles/audit.json').seccomp).toBe('/var/lib/gantry/seccomp/profiles/audit.json');
    expect(() => profile('../../etc/passwd')).toThrow("must not start with or contain '..'");
    expect(() => profile('/etc/passwd')).toThrow('must be a relative path');
    expect(of({ seccompProfile: { type: 'RuntimeDefault' } }).seccomp).toBe('RuntimeDefault');
  });

  it('shows all of /proc where that is asked for', () => {
    expect(of({ procMount: 'Unmasked' })).toEqual({ unmaskedProc: true });
    expect(of({ procMount: 'Default' })).toEqual({});
  });
});

describe('credentials of registries', () => {
  const entry = (name: string) => ({ auth: Buffer.from(`${name}:secret`).toString('base64') });
  const auths = {
    'registry.example.com': entry('all'),
    'registry.example.com/team': entry('team'),
    'https://index.docker.io/v1/': entry('hub'),
  };
  const config = {
    configMap: () => undefined,
    secret: (name: string) =>
      name === 'pull'
        ? new Map([['.dockerconfigjson', Buffer.from(JSON.stringify({ auths }))]])
        : new Map([['.dockerconfigjson', Buffer.from('{')]]),
  };

  it.each([
    ['registry.example.com/other/app:1', 'all'],
    ['registry.example.com/team/app:1', 'team'],
    ['nginx:1', 'hub'],
    ['elsewhere.example.com/app', undefined],
  ])('for %s are those of %s', (ref, username) => {
    const pod = podOf({ imagePullSecrets: [{ name: 'broken' }, { name: 'pull' }] });
    expect(pullAuthFor(pod, ref, config)?.username).toBe(username);
  });
});
