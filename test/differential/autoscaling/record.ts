/** Leads the lives of autoscalers beside a real kube-controller-manager, which asks a metrics api with played numbers, and writes down what it does. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HorizontalPodAutoscaler } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { Oracle } from '../oracle.ts';
import { answersFile, autoscalerOf, type Life, lives, type Rest, restOf, selector, target } from './lives.ts';
import { MetricsServer } from './metrics-server.ts';

/** Milliseconds until the controller manager looks anew at the kinds and groups that are served. */
const discoveryMs = 35_000;
/** Milliseconds in which an autoscaler is looked at several times. */
const looksMs = 8_000;
const merge = 'application/merge-patch+json';

const peers = process.env.PEERS;
if (peers === undefined) {
  throw new Error('PEERS names the folder whose bin/ holds etcd, kube-apiserver and kube-controller-manager');
}
await using oracle = await Oracle.start(
  peers,
  'AlwaysAllow',
  ['horizontal-pod-autoscaler-controller'],
  ['--horizontal-pod-autoscaler-sync-period=1s'],
);
using metrics = await MetricsServer.start();

async function send(method: string, path: string, body: object, type?: string): Promise<void> {
  const { code, body: answer } = await oracle.send(method, path, body, type);
  if (code >= 300) throw new Error(`${method} ${path}: ${code} ${JSON.stringify(answer)}`);
}

/** The definition of the target's kind, and the groups of the metrics api. */
async function setUp(): Promise<void> {
  const any = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const scale = {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.status.selector',
  };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: any, status: any } } };
  const version = { name: 'v1', served: true, storage: true, schema, subresources: { status: {}, scale } };
  await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [version],
    },
  });
  const service = { metadata: { name: 'metrics' }, spec: { type: 'ExternalName', externalName: 'localhost' } };
  await send('POST', '/api/v1/namespaces/default/services', service);
  for (const [group, of] of [
    ['metrics.k8s.io', 'v1beta1'],
    ['custom.metrics.k8s.io', 'v1beta2'],
    ['external.metrics.k8s.io', 'v1beta1'],
  ]) {
    await send('POST', '/apis/apiregistration.k8s.io/v1/apiservices', {
      metadata: { name: `${of}.${group}` },
      spec: {
        ...{ group, version: of, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true },
        service: { namespace: 'default', name: 'metrics', port: metrics.port },
      },
    });
  }
  await sleep(discoveryMs);
}

async function lead(life: Life, namespace: string): Promise<Rest> {
  metrics.lives.set(namespace, life);
  await send('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const started = '2020-01-01T00:00:00Z';
  for (const [index, { request, phase = 'Running' }] of life.pods.entries()) {
    const resources = request === undefined ? {} : { requests: { cpu: request } };
    const metadata = { name: `p${index}`, labels: { app: 'web' } };
    await send('POST', pods, { metadata, spec: { containers: [{ name: 'c', image: 'i', resources }] } });
    const conditions = [{ type: 'Ready', status: phase === 'Running' ? 'True' : 'False', lastTransitionTime: started }];
    await send('PATCH', `${pods}/p${index}/status`, { status: { phase, startTime: started, conditions } }, merge);
  }
  const widgets = `/apis/example.com/v1/namespaces/${namespace}/widgets`;
  const { replicas, current = life.pods.length, selector: text = selector } = life.scale;
  const { apiVersion, kind, name } = target;
  await send('POST', widgets, { apiVersion, kind, metadata: { name }, spec: { replicas } });
  await send('PATCH', `${widgets}/${name}/status`, { status: { replicas: current, selector: text } }, merge);
  const autoscaler = autoscalerOf(life);
  const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;
  await send('POST', path, { ...autoscaler, metadata: { name: autoscaler.metadata.name } });
  await sleep(looksMs);
  const [after, widget, events] = await Promise.all([
    oracle.send('GET', `${path}/${autoscaler.metadata.name}`),
    oracle.send('GET', `${widgets}/${name}`),
    oracle.send('GET', `/api/v1/namespaces/${namespace}/events`),
  ]);
  const told = (events.body.items as readonly Record<string, string>[]).map(
    ({ type, reason, message }) => `${type} ${reason} ${message}`,
  );
  const spec = widget.body.spec as { readonly replicas: number };
  const rest = restOf(spec.replicas, after.body as unknown as HorizontalPodAutoscaler, told);
  return JSON.parse(JSON.stringify(rest).replaceAll(namespace, 'default')) as Rest;
}

await setUp();
const all = lives();
const rests = await Promise.all(all.map((life, index) => lead(life, `life-of-${index}-x`)));
const answers = Object.fromEntries(all.map(({ name }, index) => [name, rests[index]]));
await writeFile(answersFile, `${JSON.stringify(answers, undefined, 1)}\n`);
process.stdout.write(`${all.length} lives\n`);
