import { builtIn } from '@gantry/model/built-in.ts';
import { sealEnvelope } from '@gantry/model/envelope.ts';
import type { Random } from './random.ts';

/** A request that makes little sense. */
export interface Wild {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
}

const words = [
  '',
  '-',
  '0',
  '1',
  'x',
  'default',
  'kube-system',
  'a b',
  'A',
  '..',
  '%',
  '%2',
  '%00',
  '%2F',
  '%2e%2e',
  '%ff',
  'é',
];
const oddWords = [
  'x'.repeat(300),
  '__proto__',
  'constructor',
  'null',
  '{}',
  '[]',
  '"',
  "'",
  '$',
  '*',
  '🙂',
  '\u0000',
  ':',
  '::',
  'a:b:c:d',
];
const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'BREW'];
const mediaTypes = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
  'application/json;charset=utf-8;x',
  ';;;',
];
const accepts = [
  'application/json',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf',
  'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/yaml',
  'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io',
  'text/html',
  ',,;;q=x',
  '*/*;q=0',
];
const parameters = [
  'watch',
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'allowWatchBookmarks',
  'timeoutSeconds',
  'labelSelector',
  'fieldSelector',
  'dryRun',
  'fieldManager',
  'fieldValidation',
  'force',
  'pretty',
  'gracePeriodSeconds',
  'propagationPolicy',
  'orphanDependents',
  'includeObject',
  'container',
  'command',
  'stdin',
  'stdout',
  'tty',
  'follow',
  'tailLines',
  'sinceSeconds',
  'sinceTime',
  'limitBytes',
  'previous',
  'exclude',
  'verbose',
  'path',
  'hash',
];
const values = [
  'true',
  'false',
  '1',
  '0',
  '-1',
  'abc',
  '9999999999999999999999',
  'All',
  'Exact',
  'NotOlderThan',
  'Foreground',
  'metadata.name=x',
  'a=b',
  'a in (b,c)',
  '!a',
  'a==,,',
  '((',
  'Strict',
  'Warn',
  'Ignore',
  'Object',
  'None',
  'eyJ2IjoxfQ',
  '2020-01-01T00:00:00Z',
  '1.5',
  '%zz',
  '%00',
];
const subresources = [
  'status',
  'scale',
  'log',
  'exec',
  'attach',
  'portforward',
  'proxy',
  'eviction',
  'binding',
  'token',
  'ephemeralcontainers',
  'resize',
  'nosuch',
];
const roots = [
  '/',
  '/api',
  '/apis',
  '/version',
  '/livez',
  '/readyz/x',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/apis/apps/v1',
  '/metrics',
  '//',
  '/.well-known/x',
];

const anything = (random: Random): string => random.pick(random.chance(0.3) ? oddWords : words);

function pathOf(random: Random): string {
  if (random.chance(0.1)) return `${random.pick(roots)}${anything(random)}`;
  const { group, version, plural, namespaced } = random.pick(builtIn.kinds);
  const parts = group === '' ? ['api', version] : ['apis', group, version];
  if (namespaced && random.chance(0.8)) parts.push('namespaces', random.chance(0.8) ? 'default' : anything(random));
  parts.push(random.chance(0.95) ? plural : anything(random));
  if (random.chance(0.6)) parts.push(random.chance(0.5) ? 'x' : anything(random));
  if (random.chance(0.3)) parts.push(random.pick(subresources));
  if (random.chance(0.1)) parts.push(anything(random), anything(random));
  return `/${parts.join('/')}`;
}

function queryOf(random: Random): string {
  const count = random.below(5);
  const pairs = Array.from({ length: count }, () => {
    const value = random.chance(0.7) ? random.pick(values) : anything(random);
    return `${random.pick(parameters)}=${random.chance(0.8) ? encodeURIComponent(value) : value}`;
  });
  // Watches end soon: the first value counts.
  return pairs.length === 0 && random.chance(0.5) ? '' : `?${['timeoutSeconds=1', ...pairs].join('&')}`;
}

function someValue(random: Random, depth: number): unknown {
  switch (random.below(depth > 4 ? 6 : 8)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.pick([0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e300]);
    case 3:
      return random.pick(['v1', 'Pod', '1Gi', '-1', '50%', '2020-01-01T00:00:00Z', 'AAAA', 'Always']);
    case 4:
    case 5:
      return anything(random);
    case 6:
      return Array.from({ length: random.below(4) }, () => someValue(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(6) }, () => [random.pick(fields), someValue(random, depth + 1)]),
      );
  }
}

const fields = [
  'apiVersion',
  'kind',
  'metadata',
  'spec',
  'status',
  'name',
  'namespace',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
  'uid',
  'resourceVersion',
  'managedFields',
  'generateName',
  'data',
  'template',
  'containers',
  'replicas',
  'selector',
  'matchLabels',
  'ports',
  'port',
  'image',
  'resources',
  'limits',
  'cpu',
  'rules',
  'subjects',
  'roleRef',
  'op',
  'path',
  'value',
  'from',
  '$patch',
  '$setElementOrder/containers',
  '$deleteFromPrimitiveList/finalizers',
  '$retainKeys',
  'deletionTimestamp',
  'creationTimestamp',
  'preconditions',
  'dryRun',
  '__proto__',
  '',
];

function objectOf(random: Random): object {
  const kind = random.pick(builtIn.kinds);
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  const metadata = { name: random.chance(0.7) ? 'x' : anything(random), labels: someValue(random, 4) };
  return {
    apiVersion,
    kind: kind.kind,
    metadata,
    ...(someValue(random, 0) as object),
    spec: someValue(random, 1),
    data: someValue(random, 3),
  };
}

function bodyOf(random: Random): Buffer | undefined {
  const json = (): string => JSON.stringify(random.chance(0.7) ? objectOf(random) : someValue(random, 0)) ?? '';
  switch (random.below(9)) {
    case 0:
      return undefined;
    case 1:
      return Buffer.from(json().slice(0, random.below(200)));
    case 2:
      return mangled(random, Buffer.from(json()));
    case 3:
      return Buffer.from(`a: [b\n${'- '.repeat(random.below(300))}x\n&a [*a, *a]`);
    case 4:
      return Buffer.from('['.repeat(random.below(5_000)) + '{"a":'.repeat(random.below(300)));
    case 5:
      return mangled(
        random,
        sealEnvelope({ apiVersion: 'v1', kind: 'Pod' }, 'gantry.core.v1.Pod', {
          metadata: { name: 'x' },
          spec: { containers: [{ name: 'c' }] },
        }),
      );
    case 6:
      return Buffer.alloc(random.chance(0.3) ? 150_000 : random.below(2_000), random.pick([' ', '{', '\u0000', 'a']));
    case 7:
      return Buffer.from(JSON.stringify(Array.from({ length: random.below(5) }, () => someValue(random, 1))));
    default:
      return Buffer.from(json());
  }
}

function mangled(random: Random, bytes: Buffer): Buffer {
  for (let count = random.below(6); count > 0 && bytes.length > 0; count--)
    bytes[random.below(bytes.length)] = random.below(256);
  return random.chance(0.3) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}

/** A request that nobody would send. Its parts are real ones, odd ones, and real ones with bytes changed. */
export function wild(random: Random): Wild {
  const headers: Record<string, string> = {
    authorization: 'Bearer the-token-of-the-tests',
    'content-type': random.pick(mediaTypes),
    accept: random.pick(accepts),
  };
  if (random.chance(0.05)) headers['user-agent'] = 'curl/x'.repeat(random.below(300));
  if (random.chance(0.1)) headers['accept-encoding'] = 'gzip';
  const path = (pathOf(random) + queryOf(random)).replace(/[^\x21-\x7e]/g, (each) =>
    encodeURIComponent(each.toWellFormed()),
  );
  return { method: random.pick(methods), path, headers, body: bodyOf(random) };
}
