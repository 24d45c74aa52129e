import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { describe, expect, it, vi } from 'vitest';
import { served, serviceOf } from '../testing/services.ts';
import { forgetScript, parseFlows, staleFlows, UdpFlows } from './conntrack.ts';
import { rulesetOf } from './ruleset.ts';

const text = `udp      17 25 src=10.64.0.9 dst=10.96.0.20 sport=4000 dport=80 src=10.64.0.2 dst=10.64.0.9 sport=8080 dport=4000 [ASSURED] mark=0 use=1
udp      17 29 src=10.64.0.9 dst=10.96.0.99 sport=4001 dport=80 [UNREPLIED] src=10.96.0.99 dst=10.64.0.9 sport=80 dport=4001 mark=0 use=1
tcp      6 431999 ESTABLISHED src=10.64.0.9 dst=10.96.0.20 sport=5 dport=80 src=10.64.0.2 dst=10.64.0.9 sport=8080 dport=5 [ASSURED] mark=0 use=1
conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.
`;

/** A client's flow to a destination, answered by somebody. */
const flow = (destination: string, destinationPort: number, answers = `${destination}:${destinationPort}`) => ({
  source: '10.64.0.9',
  sourcePort: 4000,
  destination,
  destinationPort,
  answers,
});

describe('flows', () => {
  it('are read from what conntrack prints', () => {
    expect(parseFlows(text)).toEqual([
      flow('10.96.0.20', 80, '10.64.0.2:8080'),
      { ...flow('10.96.0.99', 80), sourcePort: 4001 },
    ]);
  });

  const ports = [{ name: 'http', port: 80, targetPort: 8080, protocol: 'UDP', nodePort: 30_080 }];
  const udpOf = (ips: readonly string[]) => {
    const spec = { type: 'NodePort', ports, externalIPs: ['192.0.2.7'] };
    const entry = served(serviceOf('u', spec), ips);
    const slices = entry.slices.map((slice) => ({
      ...slice,
      ports: [{ name: 'http', port: 8080, protocol: 'UDP' }],
    }));
    const services = [{ ...entry, slices }];
    return rulesetOf({ services, nodeName: 'node-1', clusterCidr: '10.64.0.0/16', extra: [] }).udp;
  };
  const one = udpOf(['10.64.0.2']);
  const none = udpOf([]);

  it.each([
    ['of an endpoint that is there', one, flow('10.96.0.20', 80, '10.64.0.2:8080'), false],
    ['of an endpoint that is gone', one, flow('10.96.0.20', 80, '10.64.0.3:8080'), true],
    ['from before the first endpoint', one, flow('10.96.0.20', 80), true],
    ['of the last endpoint, which is gone', none, flow('10.96.0.20', 80, '10.64.0.2:8080'), true],
    ['that nobody ever answered, of a service without endpoints', none, flow('10.96.0.20', 80), false],
    ['of an external address whose endpoint is gone', one, flow('192.0.2.7', 80, '10.64.0.3:8080'), true],
    ['of an external address', one, flow('192.0.2.7', 80, '10.64.0.2:8080'), false],
    ['of a node port whose endpoint is gone', one, flow('10.65.0.2', 30_080, '10.64.0.3:8080'), true],
    ['of a node port at another address of the node', one, flow('10.64.0.1', 30_080, '10.64.0.3:8080'), true],
    ['of a node port', one, flow('10.65.0.2', 30_080, '10.64.0.2:8080'), false],
    ['of a node port, from before the first endpoint', one, flow('10.65.0.2', 30_080), true],
    ['to the same port of another machine', one, flow('198.51.100.1', 30_080), false],
    ['of a service that is gone', one, flow('10.96.0.21', 53, '10.64.0.8:53'), true],
    ['of an external address that is gone', one, flow('192.0.2.8', 80, '10.64.0.2:8080'), true],
    ['that is somebody else’s', one, flow('192.0.2.9', 80, '10.64.0.2:8080'), false],
    ['of no service at all', one, flow('198.51.100.1', 53), false],
  ])('%s', (_what, udp, tried, stale) => {
    const rules = {
      udp,
      gone: new Set(['192.0.2.8 . udp . 80']),
      serviceCidr: '10.96.0.0/16',
      nodeAddresses: new Set(['10.65.0.2']),
    };
    expect(staleFlows([tried], rules)).toEqual(stale ? [tried] : []);
  });
});

describe('keeping flows in step', () => {
  const fixed = { serviceCidr: '10.96.0.0/16', nodeAddresses: new Set<string>() };
  const { signal } = new AbortController();
  const udp = (...backends: string[]) => ({ udp: new Map([['10.96.0.20 . udp . 80', new Set(backends)]]) });

  it('looks at them where backends changed, and forgets those that are stale', async () => {
    const run = vi.fn(async (_command: readonly string[], _input: string) => text);
    const flows = new UdpFlows(run, fixed, silentLogger);
    await flows.settle(udp('10.64.0.2:8080'), signal);
    expect(run).toHaveBeenCalledTimes(1);
    await flows.settle(udp('10.64.0.2:8080'), signal);
    expect(run).toHaveBeenCalledTimes(1);
    await flows.settle(udp('10.64.0.3:8080'), signal);
    expect(run.mock.calls.slice(1).map(([command]) => command[0])).toEqual(['conntrack', 'sh']);
    expect(run.mock.calls[2]![1]).toBe(forgetScript([flow('10.96.0.20', 80, '10.64.0.2:8080')]));
    expect(run.mock.calls[2]![1]).toContain('-D -p udp -s 10.64.0.9 --sport 4000 -d 10.96.0.20 --dport 80 ');
    // The service is gone.
    await flows.settle({ udp: new Map() }, signal);
    expect(run).toHaveBeenCalledTimes(5);
  });

  it('tries again after a failure, and not where conntrack is not installed', async () => {
    const run = vi.fn(async () => Promise.reject(new GantryError('Timeout', 'conntrack did not end')));
    const flows = new UdpFlows(run, fixed, silentLogger);
    await expect(flows.settle(udp('10.64.0.2:8080'), signal)).rejects.toThrow('did not end');
    run.mockRejectedValue(
      new GantryError('InternalError', 'nsenter: failed to execute conntrack: No such file or directory'),
    );
    await flows.settle(udp('10.64.0.2:8080'), signal);
    await flows.settle(udp('10.64.0.3:8080'), signal);
    expect(run).toHaveBeenCalledTimes(2);
  });
});
