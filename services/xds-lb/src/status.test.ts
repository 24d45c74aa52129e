import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { heldCondition, zeroAnnotations } from '@gantry/model/kinds/service/zero.ts';
import { describe, expect, it } from 'vitest';
import { assignListeners } from './claims.ts';
import { defaultConfig } from './config.ts';
import { keyOfService } from './names.ts';
import { clearedStatus, publishedAddresses, wantedStatus } from './status.ts';
import { node, service } from './testing/fixtures.ts';

const config = defaultConfig.loadBalancer;
const now = '2026-03-01T00:00:00Z';
const http = { name: 'http', port: 80, protocol: 'TCP' };

function wanted(target: Service, others: readonly Service[] = []) {
  const claims = assignListeners([...others, target], config).get(keyOfService(target))!;
  return wantedStatus(target, claims, ['192.0.2.9'], now);
}

describe('wantedStatus', () => {
  it('publishes the addresses with the ports', () => {
    expect(wanted(service('web', [http]))).toEqual({
      loadBalancer: { ingress: [{ ip: '192.0.2.9', ipMode: 'Proxy', ports: [{ port: 80, protocol: 'TCP' }] }] },
    });
  });

  it('publishes the address that was asked for', () => {
    expect(wanted(service('web', [http], { loadBalancerIP: '192.0.2.1' }))?.loadBalancer?.ingress?.[0]?.ip).toBe(
      '192.0.2.1',
    );
  });

  it('is nothing to write where the Service has it, however its keys are ordered', () => {
    const web = service('web', [http]);
    web.status = {
      loadBalancer: { ingress: [{ ports: [{ protocol: 'TCP', port: 80 }], ipMode: 'Proxy', ip: '192.0.2.9' }] },
    };
    expect(wanted(web)).toBeUndefined();
  });

  it('says which ports could not be had, and goes on saying it without a change', () => {
    const web = service('web', [http, { name: 'dns', port: 53, protocol: 'UDP' }]);
    const status = wanted(web)!;
    expect(status.loadBalancer?.ingress?.[0]?.ports).toEqual([
      { port: 80, protocol: 'TCP' },
      { port: 53, protocol: 'UDP', error: 'gantry.dev/UnsupportedProtocol' },
    ]);
    expect(status.conditions).toMatchObject([
      { type: 'LoadBalancerPortsError', status: 'True', reason: 'UnsupportedProtocol', lastTransitionTime: now },
    ]);
    expect(wanted({ ...web, status })).toBeUndefined();
  });

  it('has no address where nothing is served, and drops the condition once all is well', () => {
    const younger = service('web', [http]);
    const status = wanted(younger, [service('a', [http])])!;
    expect(status.loadBalancer).toEqual({});
    expect(status.conditions).toMatchObject([{ reason: 'PortInUse' }]);
    const healed = wanted({ ...younger, status })!;
    expect(healed.conditions).toBeUndefined();
    expect(healed.loadBalancer?.ingress).toHaveLength(1);
  });

  it('leaves conditions of others alone', () => {
    const web = service('web', [http]);
    web.status = { conditions: [{ type: 'Other', status: 'True', reason: 'R', message: '', lastTransitionTime: now }] };
    expect(wanted(web)?.conditions).toEqual(web.status.conditions);
  });
});

describe('clearedStatus', () => {
  it('takes back what a load balancer published', () => {
    const web = service('web', [http], { type: 'ClusterIP' });
    expect(clearedStatus(web)).toBeUndefined();
    expect(clearedStatus({ ...web, status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } } })).toEqual({
      loadBalancer: {},
    });
  });
});

describe('publishedAddresses', () => {
  const nodes = [node('b', '10.0.0.2'), node('a', '10.0.0.1'), node('c', '10.0.0.3', false)];

  it('are those of the ready nodes', () => {
    expect(publishedAddresses(config, nodes)).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it('prefer external addresses', () => {
    const external = node('a', '10.0.0.1');
    external.status!.addresses!.push({ type: 'ExternalIP', address: '192.0.2.5' });
    expect(publishedAddresses(config, [external])).toEqual(['192.0.2.5']);
  });

  it('are the configured ones where there are any, else the one address that Envoy listens on', () => {
    expect(publishedAddresses({ ...config, ingressIps: ['127.0.0.1'] }, nodes)).toEqual(['127.0.0.1']);
    expect(publishedAddresses({ ...config, listenAddress: '192.0.2.7' }, nodes)).toEqual(['192.0.2.7']);
  });
});

describe('the condition of requests that wait', () => {
  const claims = assignListeners([service('web', [http])], config).get('default/web')!;
  const ingress = [{ ip: '192.0.2.9', ipMode: 'Proxy', ports: [{ port: 80, protocol: 'TCP' }] }];
  const earlier = '2026-02-28T23:59:00Z';

  function holding(condition?: { readonly status: string; readonly lastTransitionTime: string }): Service {
    const web = service('web', [http]);
    const conditions = condition && [{ type: heldCondition, reason: 'x', message: '', ...condition }];
    return {
      ...web,
      metadata: { ...web.metadata, annotations: { [zeroAnnotations.timeout]: '5s' } },
      status: { loadBalancer: { ingress }, ...(conditions ? { conditions } : {}) },
    };
  }
  const held = (web: Service, isOpen: boolean, lastTime?: string) =>
    wantedStatus(web, claims, ['192.0.2.9'], now, { isOpen, lastTime })?.conditions?.map((each) => [
      each.status,
      each.lastTransitionTime,
    ]);

  it('begins with the first, moves with later ones, and ends with a ready pod', () => {
    expect(held(holding(), false)).toBeUndefined();
    expect(held(holding(), false, now)).toEqual([['True', now]]);
    expect(held(holding({ status: 'True', lastTransitionTime: earlier }), false, now)).toEqual([['True', now]]);
    expect(held(holding({ status: 'True', lastTransitionTime: now }), false, earlier)).toBeUndefined();
    expect(held(holding({ status: 'False', lastTransitionTime: now }), false, now)).toEqual([['True', now]]);
    expect(held(holding({ status: 'True', lastTransitionTime: earlier }), true)).toEqual([['False', now]]);
    expect(held(holding({ status: 'False', lastTransitionTime: earlier }), true)).toBeUndefined();
  });

  it('goes with the annotations', () => {
    const web = { ...holding({ status: 'True', lastTransitionTime: now }), metadata: service('web', [http]).metadata };
    expect(wantedStatus(web, claims, ['192.0.2.9'], now)).toEqual({ loadBalancer: { ingress } });
  });
});
