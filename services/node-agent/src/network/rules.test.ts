import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { expect, it } from 'vitest';
import { served, serviceOf } from '../testing/services.ts';
import { ServiceRules } from './rules.ts';
import { type Ruleset, rulesetOf } from './ruleset.ts';

const rulesFor = (ips: readonly string[]): Ruleset =>
  rulesetOf({
    services: [served(serviceOf('web'), ips)],
    nodeName: 'node-1',
    clusterCidr: '10.64.0.0/16',
    extra: [],
  });

function setUp() {
  const clock = new FakeClock();
  const scripts: string[] = [];
  const settled: Ruleset[] = [];
  const world = { wanted: () => rulesFor(['10.64.0.2']), fail: '' as '' | 'nft' | 'flows' };
  const rules = new ServiceRules({
    nft: async (script) => {
      if (world.fail === 'nft') throw new Error('nft fails');
      scripts.push(script);
    },
    wanted: () => world.wanted(),
    flows: {
      settle: async (applied) => {
        if (world.fail === 'flows') throw new Error('conntrack fails');
        settled.push(applied as Ruleset);
      },
    },
    serviceCidr: '10.96.0.0/16',
    clock,
    log: silentLogger,
  });
  const turn = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { rules, scripts, settled, world, turn };
}

it('changes that come together are applied together, and flows follow the rules', async () => {
  const { rules, scripts, settled, world, turn } = setUp();
  rules.changed();
  rules.changed();
  await turn(25);
  expect(scripts).toHaveLength(1);
  expect(settled).toHaveLength(1);
  world.wanted = () => rulesFor(['10.64.0.3']);
  rules.changed();
  await turn(25);
  expect(scripts[1]).toContain('dnat to 10.64.0.3');
  expect(scripts[1]).not.toContain('delete table');
  expect(settled[1]).toBeDefined();
  await rules[Symbol.asyncDispose]();
});

it.each(['wanted', 'nft', 'flows'] as const)(
  'an exception in %s is contained, and the work is done later',
  async (what) => {
    const { rules, scripts, settled, world, turn } = setUp();
    const { wanted } = world;
    if (what === 'wanted') {
      world.wanted = () => {
        throw new Error('a service that makes no sense');
      };
    } else world.fail = what;
    rules.changed();
    await turn(25);
    await rules.attempted;
    expect(settled).toHaveLength(0);
    world.wanted = wanted;
    world.fail = '';
    await turn(60_000);
    expect(scripts).toHaveLength(1);
    expect(settled).toHaveLength(1);
    // And it goes on with later changes.
    rules.changed();
    await turn(25);
    expect(settled).toHaveLength(2);
    await rules[Symbol.asyncDispose]();
  },
);
