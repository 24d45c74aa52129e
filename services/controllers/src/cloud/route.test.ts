import type { Route } from '@gantry/cloud-provider/cloud.ts';
import type { Node, NodeCondition } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { Action, Controller } from '../core/action.ts';
import type { Call, CallAnswer } from '../core/consult.ts';
import { fakeView } from '../testing/fake-view.ts';
import { routeController } from './route.ts';
import { routeChanges } from './route-plan.ts';

const settings = { clusterName: 'c', clusterCidrs: ['10.244.0.0/16', 'fd00:1::/48'], periodMs: 10_000 };
const done: CallAnswer = { type: 'done' };
const refused: CallAnswer = { type: 'failed', reason: 'TooManyRequests', message: 'table is full', isInDoubt: false };

const nodeOf = (name: string, podCIDRs: readonly string[], condition?: Partial<NodeCondition>): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, uid: `u-${name}` },
  spec: { podCIDRs: [...podCIDRs] },
  status:
    condition === undefined ? {} : { conditions: [{ type: 'NetworkUnavailable', status: 'False', ...condition }] },
});

const routeOf = (name: string, targetNode: string, destinationCIDR: string, blackhole = false): Route => ({
  name,
  targetNode,
  destinationCIDR,
  blackhole,
});

const a = nodeOf('a', ['10.244.1.0/24']);
const toA = routeOf('c-u-a', 'a', '10.244.1.0/24');
const both = nodeOf('both', ['10.244.2.0/24', 'fd00:1:0:2::/64']);
const toBoth = [routeOf('c-u-both', 'both', '10.244.2.0/24'), routeOf('c-u-both-1', 'both', 'fd00:1:0:2::/64')];

describe('the routes of a cloud', () => {
  it.each<[string, Node[], Route[], remove: string[], create: string[]]>([
    ['are made for each range of a node', [a, both], [], [], ['c-u-a', 'c-u-both', 'c-u-both-1']],
    ['are kept where they are right', [a, both], [toA, ...toBoth], [], []],
    ["are right by whatever name, also in another's words", [a], [{ ...toA, name: 'x' }], [], []],
    [
      'are the same in any form of an address',
      [both],
      [toBoth[0]!, { ...toBoth[1]!, destinationCIDR: 'FD00:1:0:2:0::/64' }],
      [],
      [],
    ],
    ['go with their node', [], [toA, ...toBoth], ['c-u-a', 'c-u-both', 'c-u-both-1'], []],
    ['go where the node has another range', [nodeOf('a', ['10.244.9.0/24'])], [toA], ['c-u-a'], ['c-u-a']],
    ['go where they lead to nothing', [a], [{ ...toA, blackhole: true }], ['c-u-a'], ['c-u-a']],
    ['are left alone where they have another name', [], [routeOf('vpn', 'a', '10.244.1.0/24')], [], []],
    [
      'are left alone outside of the range',
      [],
      [routeOf('c-vpn', 'a', '10.0.0.0/8'), routeOf('c-x', '', '10.245.0.0/24', true)],
      [],
      [],
    ],
    ['are left alone where they make no sense', [], [routeOf('c-x', 'a', 'everywhere')], [], []],
    ['of the whole range are ours', [], [routeOf('c-x', 'a', '10.244.0.0/16')], ['c-x'], []],
    ['are none of a node without a range', [nodeOf('b', [])], [], [], []],
  ])('%s', (_, nodes, routes, remove, create) => {
    const changes = routeChanges(nodes, routes, settings);
    expect(changes.remove.map(({ name }) => name)).toEqual(remove);
    expect(changes.missing.map(({ route }) => route.name)).toEqual(create);
  });

  it('wait for those in their way', () => {
    const old = routeOf('c-gone', 'gone', '10.244.1.0/24');
    expect(routeChanges([a], [old], settings).missing[0]?.after).toBe(old);
    const foreign = { ...old, name: 'vpn' };
    expect(routeChanges([a], [foreign], settings).missing[0]?.after).toBeUndefined();
  });
});

/** The controller on a clock, whose calls are answered by the test. */
class Played {
  readonly clock = new FakeClock();
  readonly controller: Controller = routeController(this.clock, settings);

  plan(...nodes: readonly Node[]): readonly Action[] {
    return this.controller.reconcile('routes', fakeView(nodes), 0);
  }

  /** Plans a consultation and answers each of its calls. */
  asked(nodes: readonly Node[], answerTo: (call: Call) => CallAnswer): readonly string[] {
    const [consultation] = this.plan(...nodes).flatMap((each) => (each.type === 'consult' ? [each.consultation] : []));
    const { id, calls } = consultation!;
    this.controller.consulted!('routes', { id, answers: calls.map(answerTo) });
    return calls.map((call) => ('route' in call ? `${call.type} ${call.route.name}` : call.type));
  }

  listed(nodes: readonly Node[], ...routes: readonly Route[]): void {
    expect(this.asked(nodes, () => ({ type: 'routes', routes }))).toEqual(['listRoutes']);
  }
}

const told = (actions: readonly Action[]): unknown[] =>
  actions.flatMap((each) =>
    each.type === 'updateStatus'
      ? [(each.object as Node).status?.conditions?.map(({ status, reason, message }) => [status, reason, message])]
      : [],
  );
const created = [['False', 'RouteCreated', 'RouteController created a route']];
const none = [['True', 'NoRouteCreated', 'RouteController failed to create a route']];

describe('the controller of routes', () => {
  it('lists, removes, makes, tells, and looks again after its period', () => {
    const played = new Played();
    played.listed([a], routeOf('c-gone', 'gone', '10.244.1.0/24'));
    expect(played.asked([a], () => done)).toEqual(['deleteRoute c-gone']);
    expect(played.asked([a], () => done)).toEqual(['createRoute c-u-a']);
    expect(told(played.plan(a))).toEqual([created]);
    const happy = nodeOf('a', ['10.244.1.0/24'], { reason: 'RouteCreated' });
    expect(played.plan(happy)).toEqual([{ type: 'requeue', afterMs: 10_000 }]);
    // A new node waits for no period.
    expect(played.asked([happy, both], () => done)).toEqual(['createRoute c-u-both', 'createRoute c-u-both-1']);
    played.clock.advance(10_000);
    played.listed([happy], toA);
    expect(played.plan(happy)).toEqual([{ type: 'requeue', afterMs: 10_000 }]);
  });

  it('tells of a failure by an event and a condition, and tries again after a growing wait', () => {
    const played = new Played();
    played.listed([a]);
    played.asked([a], () => refused);
    const plan = played.plan(a);
    expect(plan[0]).toMatchObject({
      type: 'event',
      eventType: 'Warning',
      reason: 'FailedToCreateRoute',
      message: 'Could not create route c-u-a 10.244.1.0/24 for node a: table is full',
    });
    expect(told(plan)).toEqual([none]);
    const lacking = nodeOf('a', ['10.244.1.0/24'], { status: 'True', reason: 'NoRouteCreated' });
    for (const waitMs of [10_000, 20_000]) {
      for (let pastMs = 0; pastMs < waitMs; pastMs += 10_000) {
        expect(played.plan(lacking)).toEqual([{ type: 'requeue', afterMs: 10_000 }]);
        played.clock.advance(10_000);
        played.listed([lacking]);
      }
      expect(played.asked([lacking], () => refused)).toEqual(['createRoute c-u-a']);
      expect(played.plan(lacking)[0]?.type).toBe('event');
    }
    played.clock.advance(40_000);
    played.listed([lacking], toA);
    expect(told(played.plan(lacking))).toEqual([created]);
  });

  it('does nothing while it knows nothing', () => {
    const played = new Played();
    for (const afterMs of [10_000, 20_000, 40_000]) {
      played.asked([a], () => ({ ...refused, reason: 'Timeout' }) as CallAnswer);
      expect(played.plan(a)).toEqual([{ type: 'requeue', afterMs }]);
      played.clock.advance(afterMs);
    }
    played.listed([a], toA);
    expect(told(played.plan(a))).toEqual([created]);
  });

  it('leaves a cloud without routes alone', () => {
    const played = new Played();
    played.asked([a], () => ({ ...refused, reason: 'MethodNotAllowed' }) as CallAnswer);
    expect(played.plan(a, both)).toEqual([{ type: 'requeue', afterMs: 3_600_000 }]);
  });

  it('makes no route outside of the range, and says why', () => {
    const played = new Played();
    const far = nodeOf('far', ['10.9.0.0/24']);
    played.listed([far]);
    const plan = played.plan(far);
    expect(told(plan)).toEqual([none]);
    expect(plan[1]).toMatchObject({
      message:
        "Could not create route c-u-far 10.9.0.0/24 for node far: it is outside of the cluster's range, 10.244.0.0/16,fd00:1::/48",
    });
  });

  it('makes so many at a time, and tells nodes in between', () => {
    const played = new Played();
    const nodes = Array.from({ length: 200 }, (_, index) => nodeOf(`n${index}`, [`10.244.${index}.0/24`]));
    played.listed(nodes);
    expect(played.asked(nodes, () => done)).toHaveLength(128);
    expect(told(played.plan(...nodes))).toHaveLength(100);
    expect(played.asked(nodes, () => done)).toHaveLength(72);
  });
});
