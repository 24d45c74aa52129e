import { afterAll, beforeAll, describe } from 'vitest';
import { access } from './clients/access.ts';
import { clientNode } from './clients/client-node.ts';
import { creating } from './clients/creating.ts';
import { helm } from './clients/helm.ts';
import { Kubectl, kubectlVersions } from './clients/kubectl.ts';
import { pythonClient } from './clients/python.ts';
import { reading } from './clients/reading.ts';
import { streams } from './clients/streams.ts';
import { workloads } from './clients/workloads.ts';
import { writing } from './clients/writing.ts';
import { startTestCluster, type TestCluster } from './harness.ts';

// Clients that others wrote, unmodified, against a cluster with real containers.

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster('up');
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

describe.each(kubectlVersions)('kubectl %s', (version) => {
  const k = new Kubectl(() => cluster, version, `kubectl-${version.replace('.', '-')}`);
  beforeAll(async () => {
    await k.ok('create', 'namespace', k.namespace);
  });
  afterAll(async () => {
    using _folder = k;
    await k.ok('delete', 'namespace', k.namespace, '--timeout=90s');
  });
  describe('reads', () => reading(k));
  describe('writes', () => writing(k));
  describe('creates', () => creating(k));
  describe('handles workloads', () => workloads(k));
  describe('streams', () => streams(k));
  describe('knows rights', () => access(k));
});

describe.each(['1.37', '1.22'] as const)('helm that comes with kubectl %s', (version) => {
  const k = new Kubectl(() => cluster, version, `helm-${version.replace('.', '-')}`);
  beforeAll(async () => {
    await k.ok('create', 'namespace', k.namespace);
  });
  afterAll(async () => {
    using _folder = k;
    await k.ok('delete', 'namespace', k.namespace, '--timeout=90s');
  });
  helm(k);
});

describe('client libraries', () => {
  const k = new Kubectl(() => cluster, '1.37', 'libraries');
  beforeAll(async () => {
    await k.ok('create', 'namespace', k.namespace);
  });
  afterAll(async () => {
    using _folder = k;
    await k.ok('delete', 'namespace', k.namespace, '--timeout=90s');
  });
  describe('for JavaScript', () => clientNode(k));
  describe('for Python', () => pythonClient(k));
});
