import type { FlowSchema, PriorityLevelConfiguration } from '@gantry/model/gen/gantry.flowcontrol.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { createMetrics } from '@gantry/runtime/metrics.ts';
import { describe, expect, test } from 'vitest';
import { type Attempt, attemptOn } from '../auth/authorization.ts';
import type { User } from '../auth/user.ts';
import { bootstrapObjects } from './bootstrap.ts';
import { flowDumpAt } from './dumps.ts';
import { FlowControl, type Place } from './flow-control.ts';
import { registerFlowMetrics } from './metrics.ts';
import type { FlowConfiguration } from './view.ts';

const authenticated = 'system:authenticated';
const admin: User = { name: 'admin', groups: ['system:masters', authenticated] };
const node: User = { name: 'system:node:n1', groups: ['system:nodes', authenticated] };
const scheduler: User = { name: 'system:kube-scheduler', groups: [authenticated] };
const robot: User = {
  name: 'system:serviceaccount:a:robot',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:a', authenticated],
};
const dns: User = { name: 'system:serviceaccount:kube-system:dns', groups: ['system:serviceaccounts', authenticated] };
const alice: User = { name: 'alice', groups: [authenticated] };
const stranger: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

const byDefault: FlowConfiguration = {
  schemas: bootstrapObjects.flatMap(({ object }) => (object.kind === 'FlowSchema' ? [object] : [])),
  levels: bootstrapObjects.flatMap(({ object }) => (object.kind === 'PriorityLevelConfiguration' ? [object] : [])),
};
const getPod = attemptOn('get', 'pods', { namespace: 'a', name: 'p' });
const never = new AbortController().signal;

function make(configuration = byDefault, seats = 600) {
  const clock = new FakeClock();
  const view = { configuration };
  const flow = new FlowControl({ view, clock, seats });
  const enter = (user: User, attempt: Attempt = getPod, signal = never): Place | Promise<Place> =>
    flow.enter(flow.classify(user, attempt), { user, attempt, signal });
  return { clock, view, flow, enter };
}

describe('requests belong to the schema that Kubernetes sorts them to', () => {
  const path = (verb: string, of: string): Attempt => ({ type: 'path', verb, path: of });
  test.each<[string, User, Attempt, string]>([
    ['an administrator', admin, getPod, 'exempt'],
    ['health', stranger, path('get', '/livez/ping'), 'probes'],
    ['another path', stranger, path('get', '/version'), 'global-default'],
    [
      'a lease of the scheduler',
      scheduler,
      attemptOn('update', 'leases.coordination.k8s.io', { namespace: 'kube-system', name: 'x' }),
      'system-leader-election',
    ],
    ['a list of leases', scheduler, attemptOn('list', 'leases.coordination.k8s.io'), 'kube-scheduler'],
    [
      "a node's lease",
      node,
      attemptOn('update', 'leases.coordination.k8s.io', { namespace: 'kube-node-lease', name: 'n1' }),
      'system-node-high',
    ],
    ["a node's status", node, attemptOn('patch', 'nodes/status', { name: 'n1' }), 'system-node-high'],
    ["a node's pods", node, getPod, 'system-nodes'],
    ['an account of the system', dns, getPod, 'kube-system-service-accounts'],
    ['an account', robot, getPod, 'service-accounts'],
    ['anybody else', alice, getPod, 'global-default'],
    ['nobody', { name: 'x', groups: [] }, getPod, 'catch-all'],
  ])('%s', (_, user, attempt, wanted) => {
    expect(make().flow.classify(user, attempt).name).toBe(wanted);
  });

  test('a schema of a level that does not exist has none, and those that no api is without are there', () => {
    const own: FlowSchema = {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'FlowSchema',
      metadata: { name: 'own' },
      spec: {
        matchingPrecedence: 10,
        priorityLevelConfiguration: { name: 'gone' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'alice' } }],
            resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['a'] }],
          },
        ],
      },
    };
    const { view, flow } = make({ schemas: [own], levels: [] });
    expect(flow.classify(alice, getPod).name).toBe('catch-all');
    expect(flow.classify(admin, getPod).name).toBe('exempt');
    const [, level] = byDefault.levels as [unknown, PriorityLevelConfiguration];
    view.configuration = { schemas: [own], levels: [{ ...level, metadata: { name: 'gone' } }] };
    expect(flow.classify(alice, getPod).name).toBe('own');
    expect(flow.classify(alice, attemptOn('get', 'pods', { namespace: 'b', name: 'p' })).name).toBe('catch-all');
    expect(flow.classify(alice, attemptOn('get', 'pods/log', { namespace: 'a', name: 'p' })).name).toBe('catch-all');
  });
});

/** Fills the level of a user's requests. */
async function fill(
  enter: (user: User) => Place | Promise<Place>,
  user: User,
): Promise<{ places: Place[]; waiting: Promise<Place>[] }> {
  const places: Place[] = [];
  const waiting: Promise<Place>[] = [];
  try {
    for (;;) {
      const entered = enter(user);
      if (entered instanceof Promise) waiting.push(entered);
      else places.push(entered);
    }
  } catch {
    return { places, waiting };
  }
}

describe('a level that is used up', () => {
  test('keeps no other waiting: nodes, the scheduler and administrators go on', async () => {
    const { enter } = make();
    const { places, waiting } = await fill(enter, alice);
    expect([places.length, waiting.length]).toEqual([56, 6 * 50]);
    for (const user of [node, scheduler, dns, robot, admin]) expect(enter(user)).not.toBeInstanceOf(Promise);
    const lease = attemptOn('update', 'leases.coordination.k8s.io', { namespace: 'kube-node-lease', name: 'n1' });
    expect(enter(node, lease)).not.toBeInstanceOf(Promise);
    for (const each of waiting) each.catch(() => undefined);
  });

  test('lets those that wait pass as others end', async () => {
    const { enter } = make();
    const { places, waiting } = await fill(enter, alice);
    for (const place of places) place[Symbol.dispose]();
    const [first] = await Promise.all(waiting.slice(0, 6));
    first![Symbol.dispose]();
    for (const each of waiting) each.catch(() => undefined);
  });

  test('refuses who waits for more than fifteen seconds, and says when to come again', async () => {
    const { clock, enter, flow } = make();
    const { waiting } = await fill(enter, alice);
    const settled = Promise.allSettled(waiting);
    clock.advance(14_999);
    expect(flow.levels.levels.find(({ name }) => name === 'global-default')!.queues.waiting).toBe(300);
    clock.advance(1);
    const outcomes = await settled;
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(outcomes[0]).toMatchObject({
      reason: {
        reason: 'TooManyRequests',
        message: 'Too many requests, please try again later.',
        retryAfterMs: expect.any(Number),
      },
    });
    expect(flow.levels.levels.find(({ name }) => name === 'global-default')!.queues.waiting).toBe(0);
  });

  test('forgets a client that is gone', async () => {
    const { enter, flow } = make();
    const { waiting } = await fill(enter, alice);
    for (const each of waiting) each.catch(() => undefined);
    const gone = new AbortController();
    const other = enter({ name: 'bob', groups: [authenticated] }, getPod, gone.signal);
    expect(other).toBeInstanceOf(Promise);
    gone.abort(new Error('gone'));
    await expect(other).rejects.toThrow('gone');
    expect(flow.levels.levels.find(({ name }) => name === 'global-default')!.queues.waiting).toBe(300);
  });

  test('of a configuration that is gone ends with its last request', () => {
    const { view, flow, enter } = make();
    const place = enter(robot) as Place;
    view.configuration = { schemas: [], levels: [] };
    const names = (): string[] => flow.levels.levels.map(({ name }) => name).sort();
    expect(names()).toEqual(['catch-all', 'exempt', 'workload-low']);
    place[Symbol.dispose]();
    flow.levels.adjust();
    expect(names()).toEqual(['catch-all', 'exempt']);
  });
});

test('a level borrows seats after it needed more than its own', async () => {
  const { clock, enter, flow } = make();
  const { waiting } = await fill(enter, alice);
  for (const each of waiting) each.catch(() => undefined);
  const level = flow.levels.levels.find(({ name }) => name === 'global-default')!;
  clock.advance(10_000);
  flow.levels.adjust();
  expect(level.queues.limit).toBeGreaterThan(200);
  // All that waited are in work.
  expect(level.queues).toMatchObject({ executing: 56 + 6 * 50, waiting: 0 });
});

test('the state is shown level by level, queue by queue, request by request', async () => {
  const { flow, enter } = make();
  const { waiting } = await fill(enter, alice);
  for (const each of waiting) each.catch(() => undefined);
  const rows = (name: string): string[] => flowDumpAt(`/debug/api_priority_and_fairness/${name}`, flow)!.split('\n');
  expect(rows('dump_priority_levels')[0]).toMatch(/^PriorityLevelName, ActiveQueues, IsIdle, /);
  expect(rows('dump_priority_levels')).toContainEqual(
    expect.stringMatching(/^global-default, +6, +false, +false, +300, +56, +56, +1, +0, +0$/),
  );
  expect(rows('dump_queues').filter((row) => /^global-default, +\d+, +50, /.test(row))).toHaveLength(6);
  expect(rows('dump_requests').filter((row) => row.startsWith('global-default, '))).toHaveLength(300);
  expect(flowDumpAt('/debug/other', flow)).toBeUndefined();
});

test('metrics have the names and labels of Kubernetes', async () => {
  const { flow, enter, clock } = make();
  const registry = createMetrics('api');
  registerFlowMetrics(registry, flow);
  const place = enter(alice) as Place;
  enter(alice);
  clock.advance(30);
  place[Symbol.dispose]();
  const text = await registry.metrics();
  const labels = 'priority_level="global-default",flow_schema="global-default"';
  for (const line of [
    `apiserver_flowcontrol_dispatched_requests_total{${labels},service="api"} 2`,
    `apiserver_flowcontrol_current_executing_requests{${labels},service="api"} 1`,
    `apiserver_flowcontrol_current_executing_seats{${labels},service="api"} 1`,
    `apiserver_flowcontrol_current_inqueue_requests{${labels},service="api"} 0`,
    'apiserver_flowcontrol_nominal_limit_seats{priority_level="workload-low",service="api"} 245',
    `apiserver_flowcontrol_request_execution_seconds_bucket{${labels},type="regular",le="0.02",service="api"} 0`,
    `apiserver_flowcontrol_request_execution_seconds_bucket{${labels},type="regular",le="0.05",service="api"} 1`,
    `apiserver_flowcontrol_request_execution_seconds_count{${labels},type="regular",service="api"} 1`,
    'apiserver_flowcontrol_demand_seats_count{priority_level="global-default",service="api"} 30000000',
    'apiserver_flowcontrol_priority_level_seat_utilization_bucket{phase="executing",priority_level="global-default",le="0.1",service="api"} 30000000',
  ]) {
    expect(text).toContain(line);
  }
});
