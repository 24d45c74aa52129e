/**
 * Custom resources beside a real kube-apiserver with etcd, in one run, one server after the other, each in processes of its own: objects of
 * one definition are created, patched and listed; then many large definitions are made. Takes some two minutes:
 *
 *     PEERS=FOLDER scripts/node bench/src/custom-resources.ts [--objects 10000] [--patched 2000] [--definitions 200] [--in-flight 32]
 *
 * PEERS names a folder whose bin/ holds etcd and kube-apiserver.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { readArguments, refuse } from './arguments.ts';
import { type HttpLoad, namespace } from './kubernetes/load.ts';
import type { Server } from './kubernetes/servers.ts';
import { sideBySide } from './kubernetes/side-by-side.ts';
import { quietly, row, timed } from './kubernetes/timing.ts';

const values = readArguments('Custom resources beside a real kube-apiserver with etcd.', {
  objects: { type: 'number', about: 'objects that are created and listed', default: 10_000 },
  patched: { type: 'number', about: 'objects that are patched', default: 2_000 },
  definitions: { type: 'number', about: 'definitions for the figure of memory', default: 200 },
  'in-flight': { type: 'number', about: 'requests in flight', default: 32 },
});
const inFlight = values['in-flight'];
const peers = process.env.PEERS;
if (!peers) refuse('PEERS is missing: the folder whose bin/ holds etcd and kube-apiserver');

const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A definition whose spec has a schema. */
function definition(plural: string, spec: object): object {
  const schema = { openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.bench.example.com` },
    spec: {
      group: 'bench.example.com',
      scope: 'Namespaced',
      names: { plural, kind: plural.toUpperCase() },
      versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema }],
    },
  };
}

const text = (parts: object = {}): object => ({ type: 'string', ...parts });

/** A schema such as those of operators: defaults, patterns, lists with keys. */
const widgetSpec = {
  type: 'object',
  required: ['image'],
  properties: {
    image: text({ maxLength: 200 }),
    replicas: { type: 'integer', minimum: 0, maximum: 1_000, default: 1 },
    tier: text({ enum: ['front', 'back'], default: 'front' }),
    host: text({ pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' }),
    labels: { type: 'object', additionalProperties: text({ maxLength: 63 }) },
    ports: {
      type: 'array',
      maxItems: 20,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name', 'port'],
        properties: {
          name: text(),
          port: { type: 'integer', minimum: 1, maximum: 65_535 },
          protocol: text({ default: 'TCP' }),
        },
      },
    },
    size: { 'x-kubernetes-int-or-string': true },
  },
};

/** A schema of some 60 KB: objects within objects with described fields. */
function largeSpec(depth = 3): object {
  const field = text({
    description: 'One of many fields, with words for people who read it.',
    maxLength: 63,
    pattern: '^[a-z]+$',
  });
  const properties: Record<string, object> = {};
  for (let index = 0; index < 7; index++) properties[`field${index}`] = depth === 0 ? field : largeSpec(depth - 1);
  return { type: 'object', description: 'A part of the object, with words for people who read it.', properties };
}

function widget(name: string): object {
  const ports = [
    { name: 'http', port: 80 },
    { name: 'https', port: 443 },
  ];
  const spec = { image: 'example.com/web:1', host: 'www.example.com', labels: { app: 'web' }, ports, size: '10Gi' };
  return { apiVersion: 'bench.example.com/v1', kind: 'WIDGETS', metadata: { name, namespace }, spec };
}

await sideBySide(peers, ['sqlite'], measure);

async function measure(server: Server): Promise<void> {
  const [load] = server.loads;
  const tell = async (when: string): Promise<void> =>
    console.log(`${server.name}: ${(await server.memoryMb()).toFixed(0)} MB ${when}`);
  await tell('after the start');
  await load.createNamespace(namespace);
  await load.send('POST', definitionsPath, definition('widgets', widgetSpec));
  const path = `/apis/bench.example.com/v1/namespaces/${namespace}/widgets`;
  await untilServed(load, path);
  const names = Array.from({ length: values.objects }, (_, index) => `w-${index}`);
  await timed(load, 'create', names, inFlight, (name) => load.send('POST', path, widget(name)));
  const patch = { spec: { replicas: 3 } };
  const patched = names.slice(0, values.patched);
  await timed(load, 'merge patch', patched, inFlight, (name) =>
    load.send('PATCH', `${path}/${name}`, patch, 'application/merge-patch+json'),
  );
  const latencies: number[] = [];
  for (let round = 0; round < 5; round++) {
    const sentMs = performance.now();
    await load.send('GET', `${path}?resourceVersion=0`);
    latencies.push(performance.now() - sentMs);
  }
  row(load, `list ${names.length}`, '', latencies);
  await tell(`with ${names.length} objects`);
  await manyDefinitions(load);
  await tell(
    `with ${values.definitions} definitions of ${(JSON.stringify(largeSpec()).length / 1_024).toFixed(0)} KB more`,
  );
}

async function manyDefinitions(load: HttpLoad): Promise<void> {
  const spec = largeSpec();
  const plurals = Array.from({ length: values.definitions }, (_, index) => `many${index}`);
  const startedMs = performance.now();
  await quietly(plurals, 4, (plural) => load.send('POST', definitionsPath, definition(plural, spec)));
  for (const plural of plurals) {
    await untilServed(load, `/apis/bench.example.com/v1/namespaces/${namespace}/${plural}`);
  }
  row(load, `${plurals.length} definitions`, `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`, []);
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
