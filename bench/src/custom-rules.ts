/**
 * The cost of rules beside a real kube-apiserver with etcd, in one run, one server after the other: objects a second that are created of
 * definitions with 0, 5 and 20 rules in CEL. Takes some two minutes:
 *
 *     PEERS=FOLDER scripts/node bench/src/custom-rules.ts [--objects 3000] [--in-flight 32]
 *
 * PEERS names a folder whose bin/ holds etcd and kube-apiserver.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { readArguments, refuse } from './arguments.ts';
import { type HttpLoad, namespace } from './kubernetes/load.ts';
import type { Server } from './kubernetes/servers.ts';
import { sideBySide } from './kubernetes/side-by-side.ts';
import { timed } from './kubernetes/timing.ts';

const values = readArguments('Rules of custom resources beside a real kube-apiserver with etcd.', {
  objects: { type: 'number', about: 'objects that are created of each definition', default: 3_000 },
  'in-flight': { type: 'number', about: 'requests in flight', default: 32 },
});
const inFlight = values['in-flight'];
const peers = process.env.PEERS;
if (!peers) refuse('PEERS is missing: the folder whose bin/ holds etcd and kube-apiserver');

const group = 'rules.example.com';
const ruleCounts = [0, 5, 20];

/** Rules as definitions of operators have them. */
const rules = [
  'self.replicas <= self.max',
  "self.name.startsWith('web')",
  "self.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
  'self.ports.all(p, p.port > 0 && p.port < 65536)',
  "self.ports.exists(p, p.name == 'https')",
  "'app' in self.labels && self.labels.app != ''",
  "self.window >= duration('1s') && self.window <= duration('1h')",
  "type(self.size) == string ? quantity(self.size).isGreaterThan(quantity('1Gi')) : self.size > 0",
  'self.replicas == 3 || self.replicas in [5, 7]',
  'self.ports.map(p, p.name).size() == self.ports.size()',
];

const text = (maxLength: number): object => ({ type: 'string', maxLength });
const port = { type: 'object', properties: { name: text(15), port: { type: 'integer' } } };
const properties = {
  replicas: { type: 'integer' },
  max: { type: 'integer' },
  name: text(63),
  labels: { type: 'object', maxProperties: 20, additionalProperties: text(63) },
  ports: { type: 'array', maxItems: 20, items: port },
  window: { type: 'string', format: 'duration' },
  size: { 'x-kubernetes-int-or-string': true, maxLength: 20 },
};

/** Kind of the objects that are held to so many rules. */
const kindOf = (count: number): string => `Ruled${count}`;

function definition(count: number): object {
  const validations = Array.from({ length: count }, (_, index) => ({ rule: rules[index % rules.length]! }));
  const spec = { type: 'object', properties, 'x-kubernetes-validations': validations };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  const plural = kindOf(count).toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind: kindOf(count) },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

function object(count: number, name: string): object {
  const ports = [
    { name: 'http', port: 80 },
    { name: 'https', port: 443 },
    { name: 'metrics', port: 9090 },
  ];
  const labels = { app: 'web', tier: 'front' };
  const spec = { replicas: 3, max: 10, name: 'web-frontend', labels, ports, window: '5m', size: '10Gi' };
  return { apiVersion: `${group}/v1`, kind: kindOf(count), metadata: { name, namespace }, spec };
}

await sideBySide(peers, ['sqlite'], measure);

async function measure(server: Server): Promise<void> {
  const [load] = server.loads;
  await load.createNamespace(namespace);
  for (const count of ruleCounts) {
    await load.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition(count));
  }
  // The first objects of each kind are not counted: caches fill, and rules are compiled.
  for (const round of ['warm', 'w']) {
    for (const count of ruleCounts) {
      const path = `/apis/${group}/v1/namespaces/${namespace}/${kindOf(count).toLowerCase()}`;
      await untilServed(load, path);
      const names = Array.from({ length: round === 'w' ? values.objects : 200 }, (_, index) => `${round}-${index}`);
      const create = (name: string): Promise<unknown> => load.send('POST', path, object(count, name));
      if (round === 'w') await timed(load, `create, ${count} rules`, names, inFlight, create);
      else for (const name of names) await create(name);
    }
  }
}

/** Waits until a path is served. */
async function untilServed(load: HttpLoad, path: string): Promise<void> {
  for (;;) {
    const isServed = await load.send('GET', `${path}?limit=1`).then(
      () => true,
      () => false,
    );
    if (isServed) return;
    await delay(50);
  }
}
