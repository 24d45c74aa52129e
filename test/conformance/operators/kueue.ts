import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@gantry/cli/up/free-port.ts';
import { parseAllDocuments, stringify } from 'yaml';
import type { Loose } from '../../e2e/clients/kubectl.ts';
import { eventually } from '../../e2e/wait.ts';
import type { Operator, Stage } from './operator.ts';

const module = 'sigs.k8s.io/kueue';
const system = 'kueue-system';
/** A program beside the cluster serves the webhooks: the Service finds it by its slice, not by labels of pods. */
const service = 'kueue-webhook-service';

/**
 * Lets pods start when their queue has room: definitions in two versions with a conversion webhook, 60 roles, mutating and validating
 * webhooks for its own kinds and for pods.
 */
export const kueue: Operator = {
  name: 'kueue',
  program: `${module}/cmd/kueue`,
  tests: [
    [
      'its manifests install, definitions with conversion webhooks among them',
      async (at) => {
        const { kubectl } = at;
        const text = await kubectl.ok('kustomize', at.source(module, 'config/default'));
        const objects = parseAllDocuments(text).map((document): Loose => document.toJS());
        const wanted = objects.filter(({ kind }) => !['Deployment', 'APIService'].includes(kind));
        for (const object of wanted) if (object.metadata.name === service) delete object.spec.selector;
        const file = kubectl.file('kueue.yaml', wanted.map((object) => stringify(object)).join('---\n'));
        await kubectl.ok('apply', '--server-side', '-n', '', '-f', file);
        const names = wanted
          .filter(({ kind }) => kind === 'CustomResourceDefinition')
          .map(({ metadata }) => metadata.name);
        await kubectl.ok('wait', '--for=condition=Established', '--timeout=60s', 'crd', ...names);
      },
    ],
    ['starts, and serves its webhooks through its Service', start],
    [
      'takes queues, stored in one version and read in another',
      async ({ kubectl }) => {
        await kubectl.ok('apply', '-f', kubectl.file('queues.json', queues(kubectl.namespace)));
        const older = await kubectl.json('get', 'clusterqueues.v1beta1.kueue.x-k8s.io', 'all');
        if (older.apiVersion !== 'kueue.x-k8s.io/v1beta1') throw new Error(`it is read in ${older.apiVersion}`);
        await kubectl.ok('wait', '--for=condition=Active', '--timeout=60s', 'clusterqueue/all', 'localqueue/mine');
        const bad = queues(kubectl.namespace).items[1]!;
        bad.metadata.name = 'bad';
        (bad as Loose).spec.resourceGroups[0].flavors[0].resources[0].name = 'memory';
        const said = await kubectl.fails('create', '-f', kubectl.file('bad.json', bad));
        if (!said.includes('spec.resourceGroups[0]')) throw new Error(`a bad queue is refused with: ${said}`);
      },
    ],
    [
      'lets a pod start while there is room, and the next one when the first has gone',
      async ({ kubectl }) => {
        for (const name of ['first', 'second']) {
          await kubectl.ok('create', '-f', kubectl.file(`${name}.json`, podIn(kubectl.namespace, name)));
        }
        await kubectl.ok('wait', '--for=condition=Ready', '--timeout=60s', 'pod/first');
        const { spec } = await kubectl.json('get', 'pod', 'second');
        const gates = (spec.schedulingGates ?? []).map(({ name }: { name: string }) => name);
        if (!gates.includes('kueue.x-k8s.io/admission')) throw new Error(`the second pod was not held back: ${gates}`);
        const workloads = await kubectl.ok('get', 'workloads', '-o', 'name');
        if (workloads.trim().split('\n').length !== 2) throw new Error(`workloads: ${workloads}`);
        await kubectl.ok('delete', 'pod', 'first');
        await kubectl.ok('wait', '--for=condition=Ready', '--timeout=60s', 'pod/second');
      },
    ],
  ],
};

/** Starts the program as its Deployment would: its certificate comes from the Secret that it keeps itself. */
async function start(at: Stage): Promise<void> {
  const { kubectl } = at;
  const [webhooks, health, metrics, visibility] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const certDir = join(kubectl.folder, 'certificates');
  const config = {
    apiVersion: 'config.kueue.x-k8s.io/v1beta2',
    kind: 'Configuration',
    namespace: system,
    health: { healthProbeBindAddress: `127.0.0.1:${health}` },
    metrics: { bindAddress: `127.0.0.1:${metrics}` },
    webhook: { port: webhooks, certDir },
    leaderElection: { leaderElect: false },
    integrations: { frameworks: ['pod'] },
    managedJobsNamespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': kubectl.namespace } },
  };
  await mkdir(certDir);
  const [address] = (await kubectl.json('get', 'endpoints', 'kubernetes', '-n', 'default')).subsets[0].addresses;
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: service, namespace: system, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ port: webhooks, protocol: 'TCP', name: '' }],
    endpoints: [{ addresses: [address.ip], conditions: { ready: true } }],
  };
  await kubectl.ok('apply', '-n', '', '-f', kubectl.file('slice.json', slice));
  const flags = ['--config', kubectl.file('config.yaml', config), '--visibility-server-port', String(visibility)];
  at.start(['--kubeconfig', kubectl.kubeconfig, ...flags]);
  await eventually('its certificate is there', async () => {
    const { data = {} } = await kubectl.json('get', 'secret', 'kueue-webhook-server-cert', '-n', system);
    if (data['tls.crt'] === undefined) return false;
    for (const [name, value] of Object.entries<string>(data)) {
      await writeFile(join(certDir, name), Buffer.from(value, 'base64'));
    }
    return true;
  });
  await eventually('it is ready', async () => (await fetch(`http://127.0.0.1:${health}/readyz`)).ok);
}

/** A queue with the CPUs of one pod. */
function queues(namespace: string) {
  const apiVersion = 'kueue.x-k8s.io/v1beta2';
  const resources = [{ name: 'cpu', nominalQuota: '100m' }];
  const resourceGroups = [{ coveredResources: ['cpu'], flavors: [{ name: 'any', resources }] }];
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion, kind: 'ResourceFlavor', metadata: { name: 'any' } },
      { apiVersion, kind: 'ClusterQueue', metadata: { name: 'all' }, spec: { namespaceSelector: {}, resourceGroups } },
      { apiVersion, kind: 'LocalQueue', metadata: { name: 'mine', namespace }, spec: { clusterQueue: 'all' } },
    ],
  };
}

function podIn(namespace: string, name: string): object {
  const resources = { requests: { cpu: '100m' } };
  const containers = [{ name: 'main', image: 'gantry.dev/hello:1', resources }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { 'kueue.x-k8s.io/queue-name': 'mine' } },
    spec: { terminationGracePeriodSeconds: 1, containers },
  };
}
