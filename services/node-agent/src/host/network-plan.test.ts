import { describe, expect, it } from 'vitest';
import { addressPlan, nodeAddresses } from './address-plan.ts';
import {
  hostLinkOf,
  masqueradeRules,
  type NetworkSpec,
  namespaceOf,
  planNetwork,
  planNode,
  planNodeRemoval,
  planRemoval,
  streamGuardRules,
} from './network-plan.ts';

const plan = addressPlan(0);
const spec: NetworkSpec = {
  bridge: 'gantry0',
  plan,
  nodes: ['node-1', 'node-2'].map((name, index) => ({ name, ...nodeAddresses(plan, index) })),
};
const everything = {
  links: ['lo', 'gantry0', hostLinkOf('gantry0', 'node-1'), hostLinkOf('gantry0', 'node-2')],
  namespaces: [namespaceOf('gantry0', 'node-1'), namespaceOf('gantry0', 'node-2')],
};
const linesOf = (batches: { lines: readonly string[] }[]) => batches.flatMap((batch) => batch.lines);

describe('planNetwork', () => {
  it('makes everything on a fresh machine', () => {
    const [root, first, second, routes] = planNetwork(spec, { links: ['lo'], namespaces: [] });
    expect(root?.lines.slice(0, 3)).toEqual([
      'link add gantry0 type bridge',
      'address replace 10.65.0.1/24 dev gantry0',
      'link set gantry0 up',
    ]);
    expect(root?.lines).toContain('netns add gantry0-node-2');
    expect(first).toMatchObject({
      namespace: 'gantry0-node-1',
      lines: expect.arrayContaining(['route replace 10.64.1.0/24 via 10.65.0.3']),
    });
    expect(second?.lines).toContain('route replace 10.64.0.0/24 via 10.65.0.2');
    expect(routes?.lines).toEqual([
      'route replace 10.64.0.0/24 via 10.65.0.2 dev gantry0',
      'route replace 10.64.1.0/24 via 10.65.0.3 dev gantry0',
    ]);
  });

  it('adds nothing that is there', () => {
    expect(linesOf(planNetwork(spec, everything)).filter((line) => /\b(add|delete)\b/.test(line))).toEqual([]);
  });

  it('replaces a link whose namespace is gone', () => {
    const lines = linesOf(planNetwork(spec, { ...everything, namespaces: everything.namespaces.slice(1) }));
    const link = hostLinkOf('gantry0', 'node-1');
    expect(lines.indexOf(`link delete ${link}`)).toBeGreaterThan(-1);
    expect(lines.indexOf(`link delete ${link}`)).toBeLessThan(
      lines.findIndex((line) => line.startsWith(`link add ${link}`)),
    );
  });

  it('gives links names that Linux takes', () => {
    expect(hostLinkOf('gantry0', `a-very-long-name-${'x'.repeat(40)}`).length).toBeLessThanOrEqual(15);
  });
});

describe('planRemoval', () => {
  it('removes what is there and nothing else', () => {
    expect(linesOf(planRemoval(spec, { links: ['lo', 'gantry0'], namespaces: ['gantry0-node-2', 'other'] }))).toEqual([
      'netns delete gantry0-node-2',
      'link delete gantry0',
    ]);
  });
});

it('masquerades only what leaves the cluster', () => {
  expect(masqueradeRules(spec)).toContain(
    'ip saddr { 10.64.0.0/16, 10.65.0.0/24 } ip daddr != { 10.64.0.0/16, 10.65.0.0/24 } oifname != "gantry0" masquerade',
  );
});

it("keeps everybody but the machine from containerd's streams", () => {
  expect(streamGuardRules(plan)).toContain('iifname != "lo" ip saddr != 10.65.0.1 tcp dport 10010 reject');
});

describe('a node that comes and goes', () => {
  const [first, second] = spec.nodes as [NetworkSpec['nodes'][number], NetworkSpec['nodes'][number]];
  const before = { links: ['lo', 'gantry0', hostLinkOf('gantry0', 'node-1')], namespaces: ['gantry0-node-1'] };

  it('is made, and known to the others', () => {
    const [links, inside, others, machine] = planNode(spec, second, before);
    expect(links?.lines[0]).toBe('netns add gantry0-node-2');
    expect(inside).toMatchObject({
      namespace: 'gantry0-node-2',
      lines: expect.arrayContaining([`route replace ${first.podCidr} via ${first.address}`]),
    });
    const route = `route replace ${second.podCidr} via ${second.address}`;
    expect(others).toEqual({ namespace: 'gantry0-node-1', lines: [route] });
    expect(machine?.lines).toEqual([`${route} dev gantry0`]);
  });

  it('leaves nothing behind, and asks for nothing that is gone', () => {
    const flush = `route flush exact ${second.podCidr}`;
    expect(planNodeRemoval(spec, second, everything)).toEqual([
      { lines: [`link delete ${hostLinkOf('gantry0', 'node-2')}`, 'netns delete gantry0-node-2', flush] },
      { namespace: 'gantry0-node-1', lines: [flush] },
    ]);
    expect(planNodeRemoval(spec, second, { links: ['lo'], namespaces: [] })).toEqual([{ lines: [flush] }]);
  });
});
