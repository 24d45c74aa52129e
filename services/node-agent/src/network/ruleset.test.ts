import { describe, expect, it } from 'vitest';
import { served, serviceOf, sliceOf } from '../testing/services.ts';
import { backendsOf, type ServiceEndpoints } from './endpoints.ts';
import { changeScript, fullScript } from './nft-text.ts';
import { type Ruleset, type RulesetCache, rulesetOf } from './ruleset.ts';

const rules = (services: readonly ServiceEndpoints[]): Ruleset =>
  rulesetOf({ services, nodeName: 'node-1', clusterCidr: '10.64.0.0/16', extra: [] });

/** The rules of the chain that a destination leads to. */
function chainOf(ruleset: Ruleset, map: 'services' | 'nodeports', key: string): readonly string[] {
  const verdict = ruleset.elements[map].get(key);
  return ruleset.chains.get(verdict?.replace('goto ', '') ?? '') ?? [];
}

describe('rules of services', () => {
  it('spread over endpoints, each of which hides a client that is itself', () => {
    const ruleset = rules([served(serviceOf('web'), ['10.64.0.2', '10.64.1.2'])]);
    const [masquerade, choice] = chainOf(ruleset, 'services', '10.96.0.20 . tcp . 80');
    expect(masquerade).toBe('ip saddr != 10.64.0.0/16 meta mark set meta mark or 0x4000');
    const match = /^numgen random mod 2 vmap \{ 0 : goto (ep-\w+), 1 : goto (ep-\w+) \}$/.exec(choice ?? '');
    expect(ruleset.chains.get(match![1]!)).toEqual([
      'ip saddr 10.64.0.2 meta mark set meta mark or 0x4000',
      'meta l4proto tcp dnat to 10.64.0.2:8080',
    ]);
    expect(ruleset.chains.get(match![2]!)?.at(-1)).toBe('meta l4proto tcp dnat to 10.64.1.2:8080');
  });

  it('refuse connections where there are no endpoints, and know nothing of headless services and aliases', () => {
    const ruleset = rules([
      { service: serviceOf('web'), slices: [] },
      served(serviceOf('headless', { clusterIP: 'None' }), ['10.64.0.2']),
      served(serviceOf('alias', { clusterIP: '', type: 'ExternalName' }), ['10.64.0.2']),
    ]);
    expect([...ruleset.elements.unanswered]).toEqual([['10.96.0.20 . tcp . 80', 'goto refuse']]);
    expect(ruleset.elements.services.size).toBe(0);
  });

  it('open node ports, and keep the client address where the policy is Local', () => {
    const ports = [{ name: 'http', port: 80, nodePort: 30_080 }];
    const cluster = rules([served(serviceOf('web', { type: 'NodePort', ports }), ['10.64.0.2'])]);
    expect(chainOf(cluster, 'nodeports', 'tcp . 30080')[0]).toBe('meta mark set meta mark or 0x4000');
    const endpoints = [
      { addresses: ['10.64.0.2'], nodeName: 'node-1' },
      { addresses: ['10.64.1.2'], nodeName: 'node-2' },
    ];
    const service = serviceOf('web', { type: 'NodePort', ports, externalTrafficPolicy: 'Local' });
    const local = rules([{ service, slices: [sliceOf('web', endpoints)] }]);
    expect(chainOf(local, 'nodeports', 'tcp . 30080')).toEqual([expect.stringMatching(/^numgen random mod 1 /)]);
    expect(chainOf(local, 'services', '10.96.0.20 . tcp . 80')[1]).toMatch(/mod 2/);
  });

  it('keep a client with its endpoint where affinity asks for it', () => {
    const affinity = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } };
    const ruleset = rules([served(serviceOf('web', affinity), ['10.64.0.2'])]);
    const [[set, seconds] = []] = [...ruleset.affinity];
    expect(seconds).toBe(60);
    expect(chainOf(ruleset, 'services', '10.96.0.20 . tcp . 80')[1]).toMatch(new RegExp(`^ip saddr @${set} goto ep-`));
  });

  it.each([
    ['at its address', '192.0.2.7', undefined, '192.0.2.7'],
    ['on the machine that the node is simulated on', '127.0.0.1', '10.65.0.1', '10.65.0.1'],
  ])('lead to the load balancer %s where a service may have no pod', (_, ip, machineIp, reached) => {
    const ports = [{ name: 'http', port: 80, nodePort: 30_080 }];
    const plain = serviceOf('web', { type: 'LoadBalancer', ports });
    const status = { loadBalancer: { ingress: [{ ip, ports: [{ port: 80, protocol: 'TCP' }] }] } };
    const holding = {
      ...plain,
      metadata: { ...plain.metadata, annotations: { 'gantry.dev/scale-to-zero-after': '5m' } },
      status,
    };
    const make = (service: typeof plain, address = machineIp): Ruleset =>
      rulesetOf({
        services: [served(service, [])],
        nodeName: 'node-1',
        clusterCidr: '10.64.0.0/16',
        extra: [],
        machineIp: address,
      });
    const led = make(holding);
    for (const [map, key] of [
      ['services', '10.96.0.20 . tcp . 80'],
      ['nodeports', 'tcp . 30080'],
    ] as const) {
      const [masquerade, choice] = chainOf(led, map, key);
      expect(masquerade).toBe('meta mark set meta mark or 0x4000');
      const chain = /goto (ep-\w+) \}$/.exec(choice ?? '')![1]!;
      expect(led.chains.get(chain)?.at(-1)).toBe(`meta l4proto tcp dnat to ${reached}:80`);
    }
    const refusing = ['10.96.0.20 . tcp . 80'];
    expect([...make({ ...plain, status }).elements.unanswered.keys()]).toEqual(refusing);
    const broken = { loadBalancer: { ingress: [{ ip, ports: [{ port: 80, protocol: 'TCP', error: 'x' }] }] } };
    expect([...make({ ...holding, status: broken }).elements.unanswered.keys()]).toEqual(refusing);
  });

  it('of services whose objects are the same are made once', () => {
    const [web, db] = [
      served(serviceOf('web'), ['10.64.0.2']),
      served(serviceOf('db', { clusterIP: '10.96.0.21' }), []),
    ];
    const cache: RulesetCache = new Map();
    const make = (services: readonly ServiceEndpoints[]): Ruleset =>
      rulesetOf({ services, nodeName: 'node-1', clusterCidr: '10.64.0.0/16', extra: [] }, cache);
    make([web, db]);
    const { part } = cache.get('default/web')!;
    const moved = { ...db, slices: served(db.service, ['10.64.0.9']).slices };
    expect(make([web, moved])).toEqual(rules([web, moved]));
    expect(cache.get('default/web')!.part).toBe(part);
    expect(make([moved])).toEqual(rules([moved]));
    expect([...cache.keys()]).toEqual(['default/db']);
  });

  it('lead a port of the node to what the agent serves itself, and hide who asks', () => {
    const backends = [{ ip: '10.65.0.1', port: 40_000, nodeName: undefined }];
    const extra = [{ name: 'health/default/web', port: 31_234, protocol: 'TCP' as const, backends }];
    const ruleset = rulesetOf({ services: [], nodeName: 'node-1', clusterCidr: '10.64.0.0/16', extra });
    expect(chainOf(ruleset, 'nodeports', 'tcp . 31234')[0]).toBe('meta mark set meta mark or 0x4000');
  });

  it('lead to the cluster DNS', () => {
    const backends = [{ ip: '10.65.0.1', port: 5353, nodeName: undefined }];
    const extra = [{ name: 'dns', ip: '10.96.0.10', port: 53, protocol: 'UDP' as const, backends }];
    const ruleset = rulesetOf({ services: [], nodeName: 'node-1', clusterCidr: '10.64.0.0/16', extra });
    expect(chainOf(ruleset, 'services', '10.96.0.10 . udp . 53')).toHaveLength(1);
  });
});

describe('endpoints of a service', () => {
  const port = { name: 'http', port: 80 };
  const ipsOf = (conditions: readonly object[]) =>
    backendsOf(
      {
        slices: [
          sliceOf(
            'web',
            conditions.map((each, index) => ({ addresses: [`10.0.0.${index}`], conditions: each })),
          ),
        ],
      },
      port,
    ).map(({ ip }) => ip);

  it('are those that are ready, or else those that serve to their end', () => {
    expect(ipsOf([{ ready: true }, { ready: false }, {}])).toEqual(['10.0.0.0', '10.0.0.2']);
    const leaving = { ready: false, serving: true, terminating: true };
    expect(ipsOf([{ ready: false }, leaving])).toEqual(['10.0.0.1']);
    expect(ipsOf([{ ready: true }, leaving])).toEqual(['10.0.0.0']);
    expect(ipsOf([{ ready: false }])).toEqual([]);
  });
});

describe('scripts', () => {
  it('say nothing where nothing changed', () => {
    const web = () => rules([served(serviceOf('web'), ['10.64.0.2'])]);
    expect(changeScript(web(), web())).toBe('');
    const whole = fullScript(web(), '10.96.0.0/16');
    expect(whole).toContain('delete table ip gantry');
    // A port that a service does not have, and an address that no service has, are refused on the node.
    expect(whole.match(/ip daddr 10\.96\.0\.0\/16 goto refuse/g)).toHaveLength(2);
  });

  it('touch only what changed', () => {
    const before = rules([
      served(serviceOf('web'), ['10.64.0.2']),
      served(serviceOf('db', { clusterIP: '10.96.0.21' }), ['10.64.0.9']),
    ]);
    const after = rules([
      served(serviceOf('web'), ['10.64.0.3']),
      served(serviceOf('db', { clusterIP: '10.96.0.21' }), ['10.64.0.9']),
    ]);
    const script = changeScript(before, after);
    expect(script).toContain('dnat to 10.64.0.3:8080');
    expect(script).not.toContain('10.64.0.9');
    expect(script).not.toContain('element');
    expect(script.match(/delete chain/g)).toHaveLength(1);
  });
});
