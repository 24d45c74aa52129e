import { describe, expect, it } from 'vitest';
import { made, printed, problemsOf } from '../testing/made.ts';

const configMap = (rest: string): string => `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, ${rest}}`;
const secret = (rest: string): string => `{apiVersion: v1, kind: Secret, metadata: {name: a}, ${rest}}`;
const slice = (rest: string): string =>
  `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, ${rest}}`;
const node = (rest: string): string => `{apiVersion: v1, kind: Node, metadata: {name: "n"}, ${rest}}`;
const namespace = (name: string): string => `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}}}`;
const event = (rest: string): string =>
  `{apiVersion: v1, kind: Event, metadata: {name: e, namespace: shop}, involvedObject: {kind: Pod, namespace: shop, name: web-1}, ${rest}}`;
const lease = (spec: string): string =>
  `{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: l}, spec: ${spec}}`;

describe('validation', () => {
  it.each([
    configMap('data: {app.conf: x, _b: "y"}, binaryData: {c: AAE=}'),
    secret('stringData: {password: x}'),
    secret('type: kubernetes.io/tls, stringData: {tls.crt: a, tls.key: b}'),
    secret('type: kubernetes.io/dockerconfigjson, stringData: {.dockerconfigjson: "{}"}'),
    slice('addressType: IPv4, endpoints: [{addresses: [10.0.0.1]}], ports: [{name: http, port: 80}]'),
    slice('addressType: IPv6, endpoints: []'),
    node('spec: {taints: [{key: a, effect: NoSchedule}, {key: a, effect: NoExecute}], podCIDR: 10.244.1.0/24}'),
    namespace('shop'),
    event('message: hello'),
    lease('{holderIdentity: me, leaseDurationSeconds: 15}'),
  ])('takes %s', (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it.each([
    [
      configMap('data: {"a/b": x}'),
      "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    ],
    [configMap('data: {..: x}'), 'data[..]: Invalid value: "..": must not be \'..\''],
    [
      configMap('data: {a: x}, binaryData: {a: AA==}'),
      'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ],
    [configMap(`data: {a: ${'x'.repeat(1024 * 1024)}, b: "y"}`), 'Too long: may not be more than 1048576 bytes'],
    [secret('type: kubernetes.io/tls, stringData: {tls.crt: a}'), 'data[tls.key]: Required value'],
    [secret('type: kubernetes.io/basic-auth'), 'data[username]: Required value'],
    [
      secret('type: kubernetes.io/dockerconfigjson, stringData: {.dockerconfigjson: "{"}'),
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>"',
    ],
    [
      secret('type: kubernetes.io/service-account-token'),
      'metadata.annotations[kubernetes.io/service-account.name]: Required value',
    ],
    [secret(`stringData: {a: ${'x'.repeat(1024 * 1024 + 1)}}`), 'data: Too long: may not be more than 1048576 bytes'],
    [slice('addressType: IP'), 'addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6"'],
    [
      slice('addressType: IPv4, endpoints: [{addresses: ["::1"]}]'),
      'endpoints[0].addresses: Invalid value: "::1": must be an IPv4 address',
    ],
    [
      slice('addressType: IPv4, endpoints: [{}]'),
      'endpoints[0].addresses: Required value: must contain at least 1 address',
    ],
    [
      slice('addressType: IPv4, ports: [{port: 0}]'),
      'ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
    [slice('addressType: IPv4, ports: [{port: 1}, {port: 2}]'), 'ports[1].name: Duplicate value: ""'],
    [
      node('spec: {taints: [{key: a, effect: Never}]}'),
      'spec.taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
    ],
    [
      node('spec: {taints: [{key: a, effect: NoExecute}, {key: a, effect: NoExecute}]}'),
      'spec.taints[1]: Duplicate value: {"key":"a","effect":"NoExecute"}',
    ],
    [node('spec: {podCIDR: 10.0.0.0}'), 'spec.podCIDRs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value'],
    [
      node('status: {capacity: {cpu: "-1"}}'),
      'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
    ],
    [namespace('a.b'), 'metadata.name: Invalid value: "a.b": must not contain dots'],
    [
      event('type: Odd, reason: r, eventTime: "2026-01-01T00:00:00.000000Z"'),
      'type: Unsupported value: "Odd": supported values: "Normal", "Warning"',
    ],
    [event('count: -1'), 'count: Invalid value: -1: must be greater than or equal to 0'],
    [
      event('message: m').replace('namespace: shop, name', 'namespace: other, name'),
      'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    ],
    [lease('{leaseDurationSeconds: 0}'), 'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
    [lease('{preferredHolder: x}'), 'spec.preferredHolder: Forbidden'],
  ])('refuses %.80s', (text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  it.each([
    [configMap('immutable: true, data: {a: x}'), configMap('immutable: true, data: {a: "y"}'), ['data']],
    [configMap('immutable: true, data: {a: x}'), configMap('data: {a: x}'), ['immutable']],
    [configMap('data: {a: x}'), configMap('data: {a: "y"}'), []],
    [secret('immutable: true, data: {a: AA==}'), secret('immutable: true'), ['data']],
    [secret('type: a'), secret('type: b'), ['type']],
    [slice('addressType: IPv4'), slice('addressType: IPv6'), ['addressType']],
    [node('spec: {podCIDR: 10.244.1.0/24}'), node('spec: {podCIDR: 10.244.2.0/24}'), ['spec.podCIDRs']],
    [node('spec: {podCIDR: 10.244.1.0/24}'), node('spec: {podCIDR: 10.244.1.0/24, unschedulable: true}'), []],
  ])('lets nobody change %s to %s', (before, after, fields) => {
    const { kind, object } = made(after);
    expect(kind.validateUpdate!(object, made(before).object).map(({ field }) => field)).toEqual(fields);
  });
});

describe('defaults', () => {
  it.each<[text: string, expected: object]>([
    [secret('data: {a: AA==}, stringData: {a: hi, b: ü}'), { type: 'Opaque', data: { a: 'aGk=', b: 'w7w=' } }],
    [
      namespace('shop'),
      {
        metadata: { labels: { 'kubernetes.io/metadata.name': 'shop' } },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      },
    ],
    [slice('addressType: IPv4, ports: [{port: 80}]'), { ports: [{ name: '', protocol: 'TCP' }] }],
    [node('status: {capacity: {cpu: "2"}}'), { status: { allocatable: { cpu: '2' } } }],
  ])('of %s', (text, expected) => {
    const { kind, object } = made(text);
    expect(object).toMatchObject(expected);
    expect(object).not.toHaveProperty('stringData');
    const again = structuredClone(object);
    kind.setDefaults(again);
    expect(again).toEqual(object);
  });

  it('keep the finalizers of a namespace, which its subresource finalize alone changes', () => {
    const { kind, object: stored } = made(namespace('shop'));
    const emptied = { ...structuredClone(stored), spec: {} };
    kind.prepareForUpdate!(emptied, stored, 0);
    expect(emptied.spec).toEqual({ finalizers: ['kubernetes'] });
    const ending = { ...stored, metadata: { ...stored.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const released = { ...structuredClone(ending), spec: {} };
    kind.prepareForUpdate!(released, ending, 0);
    expect(released.spec).toEqual({ finalizers: ['kubernetes'] });
    kind.subresources!.finalize!.transfer!(ending, { ...released, spec: {} } as typeof ending, 0);
    expect((ending as typeof stored & { spec: object }).spec).toEqual({ finalizers: [] });
  });
});

describe('columns', () => {
  it.each<[text: string, row: Record<string, string>]>([
    [configMap('data: {a: x}, binaryData: {b: AA==}'), { NAME: 'a', DATA: '2', AGE: '10m' }],
    [secret('stringData: {a: x}'), { NAME: 'a', TYPE: 'Opaque', DATA: '1', AGE: '10m' }],
    [namespace('shop'), { NAME: 'shop', STATUS: 'Active', AGE: '10m' }],
    [lease('{holderIdentity: me}'), { NAME: 'l', HOLDER: 'me', AGE: '10m' }],
    [
      slice(
        'addressType: IPv4, endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2]}, {addresses: [10.0.0.3]}, {addresses: [10.0.0.4]}], ports: [{port: 80}]',
      ),
      { NAME: 'a', ADDRESSTYPE: 'IPv4', PORTS: '80', ENDPOINTS: '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...', AGE: '10m' },
    ],
    [
      slice('addressType: IPv4'),
      { NAME: 'a', ADDRESSTYPE: 'IPv4', PORTS: '<unset>', ENDPOINTS: '<unset>', AGE: '10m' },
    ],
    [
      node('status: {nodeInfo: {kubeletVersion: v1}}'),
      { NAME: 'n', STATUS: 'Unknown', ROLES: '<none>', AGE: '10m', VERSION: 'v1' },
    ],
    [
      event('type: Warning, reason: BackOff, message: "again ", lastTimestamp: "2026-01-01T00:09:00Z"'),
      { 'LAST SEEN': '60s', TYPE: 'Warning', REASON: 'BackOff', OBJECT: 'pod/web-1', MESSAGE: 'again' },
    ],
  ])('of %s', (text, row) => {
    expect(Object.entries(printed(text))).toEqual(Object.entries(row));
  });

  it('of a node tell its state, roles and addresses', () => {
    const text = `{apiVersion: v1, kind: Node, metadata: {name: "n", labels: {node-role.kubernetes.io/worker: "", kubernetes.io/role: gpu}},
      spec: {unschedulable: true}, status: {conditions: [{type: Ready, status: "True"}], addresses: [{type: InternalIP, address: 10.0.0.1}],
      nodeInfo: {kernelVersion: "6.1", containerRuntimeVersion: containerd://1.6}}}`;
    expect(printed(text, true)).toMatchObject({
      STATUS: 'Ready,SchedulingDisabled',
      ROLES: 'gpu,worker',
      'INTERNAL-IP': '10.0.0.1',
      'EXTERNAL-IP': '<none>',
      'OS-IMAGE': '<unknown>',
      'KERNEL-VERSION': '6.1',
      'CONTAINER-RUNTIME': 'containerd://1.6',
    });
  });
});
