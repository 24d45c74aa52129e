import { describe, expect, it } from 'vitest';
import { checkNodeGroups, parseNodeGroup } from './spec.ts';

describe('a node group as text', () => {
  it('has sizes, and every setting', () => {
    const settings = [
      'cpu=500m,memory=4Gi,pods=20,ephemeral-storage=10Gi,gpu=2,resource=example.com/nic=3',
      'price=0.25,zone=a,region=eu,label=team=x=y,taint=dedicated=batch:NoSchedule,taint=slow:PreferNoSchedule',
      'runtime=hollow,start=1500ms,unneeded=2m',
    ].join(',');
    expect(parseNodeGroup(`big-1:0:500:${settings}`)).toEqual({
      name: 'big-1',
      minSize: 0,
      maxSize: 500,
      runtime: 'hollow',
      capacity: {
        cpu: '500m',
        memory: '4Gi',
        pods: '20',
        'ephemeral-storage': '10Gi',
        'nvidia.com/gpu': '2',
        'example.com/nic': '3',
      },
      labels: { 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'eu', team: 'x=y' },
      taints: [
        { key: 'dedicated', value: 'batch', effect: 'NoSchedule' },
        { key: 'slow', effect: 'PreferNoSchedule' },
      ],
      price: 0.25,
      startMs: 1_500,
      unneededMs: 120_000,
    });
  });

  it('needs no settings', () => {
    expect(parseNodeGroup('pool:1:3')).toMatchObject({ minSize: 1, maxSize: 3, runtime: 'real', capacity: {} });
  });

  it.each([
    ['pool', 'must be NAME:MIN:MAX[:SETTING=VALUE,...]'],
    ['pool:1', 'must be NAME:MIN:MAX'],
    ['Pool:1:2', 'the name "Pool" must be of lower-case letters'],
    [':1:2', 'the name "" must be'],
    ['pool:-1:2', 'must be NAME:MIN:MAX'],
    ['pool:3:2', 'MAX must be positive and not below MIN, 3'],
    ['pool:0:0', 'MAX must be positive'],
    ['pool:0:201', 'at most 200 real nodes can be on one machine'],
    ['pool:0:2:cpu', '"cpu" must be SETTING=VALUE'],
    ['pool:0:2:cpu=lots', 'cpu must be a positive quantity such as 2 or 4Gi, and is "lots"'],
    ['pool:0:2:memory=0', 'memory must be a positive quantity'],
    ['pool:0:2:resource=4', 'resource must be resource=KEY=VALUE'],
    ['pool:0:2:label=x', 'label must be label=KEY=VALUE'],
    ['pool:0:2:taint=x', 'taint must be KEY=VALUE:EFFECT, and is "x"'],
    ['pool:0:2:price=cheap', 'price must be a number, and is "cheap"'],
    ['pool:0:2:price=-1', 'price must be a number'],
    ['pool:0:2:runtime=vm', 'runtime must be real or hollow, and is "vm"'],
    ['pool:0:2:start=soon', 'start must be a duration such as 30s, and is "soon"'],
    ['pool:0:2:size=4', 'there is no setting "size"'],
  ])('%s is refused', (text, problem) => {
    expect(() => parseNodeGroup(text)).toThrow(`node group ${JSON.stringify(text)}: ${problem}`);
  });

  it('has a name of its own', () => {
    const [a, b] = [parseNodeGroup('a:0:1'), parseNodeGroup('b:0:1')];
    expect(checkNodeGroups([a, b])).toEqual([a, b]);
    expect(() => checkNodeGroups([a, b, a])).toThrow('node group "a": is there 2 times');
    expect(() => checkNodeGroups([parseNodeGroup('node:0:1')])).toThrow("the cluster's own nodes are named so");
  });
});
