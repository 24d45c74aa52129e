import { expect, test } from 'vitest';
import { compileNode } from './compile/node.ts';
import { PodCompiler } from './compile/pod.ts';
import { weighedProfiles } from './profiles.ts';
import { Scheduler } from './scheduler.ts';
import { nodeNamed, podNamed } from './testing/builders.ts';

/** The node that a pod gets beside a node half full. */
function placedWith(weights: Parameters<typeof weighedProfiles>[0]): string | undefined {
  const scheduler = new Scheduler({ profiles: weighedProfiles(weights), seed: 1, batchSize: 10 });
  const compiler = new PodCompiler();
  for (const name of ['half', 'empty']) scheduler.setNode(compileNode(nodeNamed(name, { cpu: '2', memory: '2Gi' })));
  const requests = { cpu: '1', memory: '1Gi' };
  scheduler.setPod(compiler.compile(podNamed('holder', { requests, nodeName: 'half' })));
  scheduler.setPod(compiler.compile(podNamed('p', { requests })));
  return scheduler.cycle(0).placements[0]?.nodeName;
}

test('weights of a profile decide what its pods get', () => {
  expect(placedWith({})).toBe('empty');
  expect(placedWith({ spread: { leastAllocated: 0, mostAllocated: 4 } })).toBe('half');
  expect(placedWith({ binpack: { mostAllocated: 100 } })).toBe('empty');
});

test.each([
  [{ spraed: {} }, 'weights.spraed: Unsupported value: supported values: spread, binpack, gpu'],
  [{ spread: { mostAlocated: 1 } }, 'weights.spread.mostAlocated: Unsupported value: supported values: leastAllocated'],
  [{ spread: { podAffinity: -1 } }, 'weights.spread.podAffinity: Invalid value: -1: must be between 0 and 100'],
])('%j is refused', (weights, problem) => {
  expect(() => weighedProfiles(weights as never)).toThrow(problem);
});
