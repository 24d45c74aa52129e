import { describe, expect, it } from 'vitest';
import { decodeManifest } from '../../decode.ts';
import type { Service } from '../../gen/gantry.core.v1.ts';
import { service } from './service.ts';

function made(spec: string, name = 'web'): Service {
  const object = decodeManifest(`{apiVersion: v1, kind: Service, metadata: {name: ${name}}, spec: ${spec}}`) as Service;
  service.setDefaults(object);
  return object;
}

const problems = (object: Service): string[] =>
  service.validate(object).map(({ field, message }) => `${field}: ${message}`);

describe('defaults of services', () => {
  it.each<[given: string, spec: object]>([
    [
      '{ports: [{port: 80}]}',
      {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      },
    ],
    ['{type: LoadBalancer}', { externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true }],
    ['{type: NodePort}', { externalTrafficPolicy: 'Cluster' }],
    ['{externalIPs: [10.1.2.3]}', { externalTrafficPolicy: 'Cluster' }],
    ['{sessionAffinity: ClientIP}', { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } }],
  ])('%s', (given, spec) => {
    const object = made(given);
    expect(object.spec).toMatchObject(spec);
    const again = structuredClone(object);
    service.setDefaults(again);
    expect(again).toEqual(object);
  });

  it('leaves out what other types have no use for', () => {
    expect(made('{type: ExternalName, externalName: a.example}').spec).not.toHaveProperty('internalTrafficPolicy');
    expect(made('{ports: [{port: 80}]}').spec).not.toHaveProperty('externalTrafficPolicy');
  });
});

describe('validation of services', () => {
  it.each([
    '{ports: [{port: 80, targetPort: http}]}',
    '{clusterIP: None, selector: {app: web}}',
    '{type: ExternalName, externalName: db.example.com.}',
    '{type: LoadBalancer, ports: [{name: a, port: 80}, {name: b, port: 80, protocol: UDP}]}',
    '{type: NodePort, ports: [{port: 80, nodePort: 30080}]}',
    '{ports: [{port: 80}], sessionAffinity: ClientIP}',
  ])('takes %s', (spec) => {
    expect(problems(made(spec))).toEqual([]);
  });

  it.each([
    ['{}', 'spec.ports: Required value'],
    [
      '{type: Balancer, ports: [{port: 80}]}',
      'spec.type: Unsupported value: "Balancer": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
    ['{ports: [{port: 70000}]}', 'spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive'],
    ['{ports: [{port: 80}, {port: 81, name: b}]}', 'spec.ports[0].name: Required value'],
    ['{ports: [{port: 80, name: a}, {port: 81, name: a}]}', 'spec.ports[1].name: Duplicate value: "a"'],
    [
      '{ports: [{port: 80, name: a}, {port: 80, name: b}]}',
      'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}',
    ],
    [
      '{ports: [{port: 80, protocol: HTTP}]}',
      'spec.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      '{ports: [{port: 80, targetPort: Web_}]}',
      'spec.ports[0].targetPort: Invalid value: "Web_": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    ],
    [
      '{ports: [{port: 80, nodePort: 30080}]}',
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
    [
      '{type: NodePort, clusterIP: None, ports: [{port: 80}]}',
      `spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`,
    ],
    [
      '{clusterIP: 10.0.0, ports: [{port: 80}]}',
      'spec.clusterIPs[0]: Invalid value: "10.0.0": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    ['{type: ExternalName}', 'spec.externalName: Required value'],
    ['{ports: [{port: 80}], selector: {"-a": b}}', 'spec.selector: Invalid value: "-a": name part must consist of'],
    [
      '{ports: [{port: 80}], sessionAffinity: Cookie}',
      'spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"',
    ],
    [
      '{ports: [{port: 80}], externalIPs: [127.0.0.1]}',
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range',
    ],
    [
      '{ports: [{port: 80}], externalTrafficPolicy: Local}',
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
    [
      '{ports: [{port: 80}], loadBalancerSourceRanges: [10.0.0.0/8]}',
      "spec.loadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      '{type: LoadBalancer, ports: [{port: 80}], loadBalancerSourceRanges: [10.0.0.0/40]}',
      'spec.loadBalancerSourceRanges[0]: Invalid value: "10.0.0.0/40": must be a valid CIDR value',
    ],
    [
      '{ports: [{port: 80}], ipFamilies: [IPv5]}',
      'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
    ],
    ['{ports: [{port: 80}], internalTrafficPolicy: Far}', 'spec.internalTrafficPolicy: Unsupported value: "Far"'],
  ])('refuses %s', (spec, problem) => {
    expect(problems(made(spec)).join('\n')).toContain(problem);
  });

  it('wants a name that is a label of DNS', () => {
    expect(problems(made('{ports: [{port: 80}]}', 'web.1'))[0]).toContain('must not contain dots');
  });

  it('keeps the address that was given', () => {
    const stored = made('{clusterIP: 10.96.0.1, ports: [{port: 80}]}');
    expect(service.validateUpdate!(made('{clusterIP: 10.96.0.1, ports: [{port: 81}]}'), stored)).toEqual([]);
    expect(service.validateUpdate!(made('{clusterIP: 10.96.0.2, ports: [{port: 80}]}'), stored)).toEqual([
      {
        reason: 'FieldValueInvalid',
        field: 'spec.clusterIPs[0]',
        message: 'Invalid value: ["10.96.0.2"]: may not change once set',
      },
    ]);
    expect(service.validateUpdate!(made('{type: ExternalName, externalName: a.b}'), stored)).toEqual([]);
  });
});

describe('columns of services', () => {
  const cells = (object: Service): string[] => service.columns.map(({ cell }) => cell(object, 0));

  it.each<[given: string, status: Service['status'], printed: string[]]>([
    [
      '{clusterIP: 10.96.0.1, ports: [{port: 80}], selector: {b: x, a: "y"}}',
      undefined,
      ['ClusterIP', '10.96.0.1', '<none>', '80/TCP', 'a=y,b=x'],
    ],
    [
      '{type: NodePort, ports: [{port: 80, nodePort: 30080}, {port: 53, name: dns, protocol: UDP}]}',
      undefined,
      ['NodePort', '<none>', '<none>', '80:30080/TCP,53/UDP', '<none>'],
    ],
    [
      '{type: LoadBalancer, ports: [{port: 80}]}',
      undefined,
      ['LoadBalancer', '<none>', '<pending>', '80/TCP', '<none>'],
    ],
    [
      '{type: LoadBalancer, ports: [{port: 80}], externalIPs: [10.0.0.9]}',
      { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } },
      ['LoadBalancer', '<none>', '127.0.0.1,10.0.0.9', '80/TCP', '<none>'],
    ],
    [
      '{type: ExternalName, externalName: a.example}',
      undefined,
      ['ExternalName', '<none>', 'a.example', '<none>', '<none>'],
    ],
  ])('%s', (given, status, printed) => {
    expect(cells({ ...made(given), status })).toEqual(printed);
  });
});
