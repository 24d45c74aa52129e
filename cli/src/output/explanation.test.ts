import type { PodExplanation } from '@gantry/client/placement-messages.ts';
import { describe, expect, test } from 'vitest';
import { formatExplanation } from './explanation.ts';

const nowMs = 1_000_000;

const waiting: PodExplanation = {
  namespace: 'default',
  name: 'web',
  uid: 'u',
  profile: 'spread',
  priority: 0,
  owned: true,
  nodeName: '',
  queue: {
    place: 'parked',
    attempts: 2,
    readyAtMs: 0,
    sweepAtMs: nowMs + 90_500,
    wakesOn: ['a new node', 'pods that leave the nodes'],
    gates: [],
    nominatedNodeName: '',
    waitsForPods: [],
    ahead: 0,
    said: '0/5 nodes are available: 5 Insufficient cpu. preemption: none.',
  },
  nodeCount: 5,
  fittingCount: 0,
  message: '0/5 nodes are available: 5 Insufficient cpu.',
  bestNode: '',
  fitting: [],
  refusing: [
    {
      nodes: ['a', 'b', 'c', 'd', 'e'],
      refusals: [
        {
          plugin: 'NodeResourcesFit',
          reasons: ['Insufficient cpu'],
          details: ['cpu: 2 requested, at most 1 free on one node'],
          unblockedBy: ['a new node'],
          helpedByPreemption: true,
        },
      ],
    },
  ],
  preemption: { nodeName: '', victims: [], message: 'preemption: 0/5 nodes are available: 5 No preemption victims.' },
};

function queued(queue: Partial<PodExplanation['queue']>): PodExplanation {
  return { ...waiting, queue: { ...waiting.queue!, ...queue } };
}

describe('a pod that waits', () => {
  test('its state, the verdict, and each group of nodes with what might help', () => {
    expect(formatExplanation(waiting, nowMs)).toBe(
      `Pod:          default/web
Profile:      spread, priority 0
State:        parked after 2 failed attempts: no node takes it; tried again in 91s at the latest
Wakes on:     a new node; pods that leave the nodes
Verdict:      0/5 nodes are available: 5 Insufficient cpu.
Preemption:   0/5 nodes are available: 5 No preemption victims.

NODES THAT DO NOT    PLUGIN             REASON                                                            WHAT MIGHT HELP
a, b, c and 2 more   NodeResourcesFit   Insufficient cpu (cpu: 2 requested, at most 1 free on one node)   a new node; evicting pods
`,
    );
  });

  test.each([
    [{ place: 'active', attempts: 0, ahead: 1 }, 'waits for its turn, 1 pod before it'],
    [
      { place: 'backoff', attempts: 1, readyAtMs: nowMs + 2_000 },
      'backs off after 1 failed attempt, tried again in 2s',
    ],
    [{ place: 'gated', gates: ['a/b', 'c'] }, 'held back by scheduling gates: a/b, c'],
    [{ place: 'placing' }, 'is being placed'],
  ])('%j', (queue, words) => {
    expect(formatExplanation(queued(queue), nowMs)).toContain(`${words}\n`);
  });

  test('on whom it waits where room is being made', () => {
    const nominated = queued({ nominatedNodeName: 'c', waitsForPods: ['default/low'] });
    const text = formatExplanation(nominated, nowMs);
    expect(text).toContain('c, once these have left it: default/low\n');
    expect(text).not.toContain('Preemption:');
  });

  test('what was said of its group', () => {
    const said = 'pod group "train" waits for its pods: 1 of minMember 3 are there';
    expect(formatExplanation(queued({ said }), nowMs)).toContain(`Last event:   ${said}\n`);
  });

  test('whom evicting would help', () => {
    const preemption = { nodeName: 'c', victims: ['x/a', 'x/b'], message: '' };
    expect(formatExplanation({ ...waiting, preemption }, nowMs)).toContain('evicting x/a, x/b would make room on c\n');
  });
});

test('however many nodes there are, it stays short', () => {
  const fitting = Array.from({ length: 4_000 }, (_, index) => ({
    nodes: [`n${index}`],
    score: 4_000 - index,
    scores: [{ plugin: 'NodeAffinity', score: 50, weight: 2 }],
  }));
  const refusing = Array.from({ length: 30 }, (_, index) => ({ ...waiting.refusing[0]!, nodes: [`m${index}`] }));
  const placed = { ...waiting, nodeName: 'n7', queue: null, bestNode: 'n0', fitting, refusing, preemption: null };
  const text = formatExplanation(placed, nowMs);
  expect(text.split('\n').length).toBeLessThan(40);
  expect(text).toContain('n7; judged below as if it were to be placed now\n');
  expect(text).toMatch(/NODES THAT TAKE IT +SCORE +NodeAffinity ×2\n/);
  expect(text).toMatch(/and 3,990 more nodes +3990\.0 to 1\.0\n/);
  expect(text).toMatch(/and 20 more nodes +other combinations of reasons\n/);
});
