import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import { decodeManifest } from '@gantry/model/decode.ts';
import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../context.ts';
import { rolloutHistory, rolloutPause, rolloutRestart, rolloutUndo } from './rollout.ts';
import type { RolledKind } from './rollout-targets.ts';

// Rollout commands against an api and the controllers that write the histories.

let owned: AsyncDisposableStack;
let running: TestApi;
const soon = { timeout: 20_000, interval: 50 };

beforeAll(async () => {
  owned = new AsyncDisposableStack();
  running = owned.use(await startTestApi());
  const deps = { client: running.client, bus: running.bus, clock: systemClock, log: silentLogger };
  owned.use(startControllers({ ...defaultControllersConfig, identity: 'test' }, deps));
});
afterAll(() => owned.disposeAsync());

function context(): Context & { readonly printed: string[] } {
  const printed: string[] = [];
  const write = (text: string): void => void printed.push(text);
  const { signal } = new AbortController();
  const output = { write, note: write };
  return { client: running.client, namespace: 'default', clock: systemClock, signal, output, printed };
}

const manifest = (kind: RolledKind): string => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {kind: ${kind}}}
  template:
    metadata: {labels: {kind: ${kind}}}
    spec: {containers: [{name: c, image: "i:1"}]}
`;

test.each(['Deployment', 'DaemonSet', 'StatefulSet'] as const)('a %s has a history, and goes back', async (kind) => {
  const { client } = running;
  const target = { namespace: 'default', name: 'web' };
  const args = [`${kind}/web`];
  const history = async (): Promise<number[]> => {
    const told = context();
    await rolloutHistory(told, args);
    return [...told.printed.join('').matchAll(/^(\d+) /gm)].map(([, revision]) => Number(revision));
  };
  const image = async () => ((await client.get(kind, target)) as Deployment).spec.template.spec.containers[0]!.image;
  await client.create(decodeManifest(manifest(kind)) as Deployment);
  await expect.poll(history, soon).toEqual([1]);
  const body = { spec: { template: { spec: { containers: [{ name: 'c', image: 'i:2' }] } } } };
  await client.patch(kind, target, { type: 'strategic', body });
  await expect.poll(history, soon).toEqual([1, 2]);
  await rolloutUndo(context(), args, 0);
  expect(await image()).toBe('i:1');
  await expect.poll(history, soon).toEqual([2, 3]);
  const again = context();
  await rolloutUndo(again, args, 3);
  expect(again.printed.join('')).toContain('skipped rollback (current template already matches revision 3)');
  await rolloutUndo(context(), args, 2);
  expect(await image()).toBe('i:2');
  await expect.poll(history, soon).toEqual([3, 4]);
  await rolloutRestart(context(), args);
  await expect.poll(history, soon).toEqual([3, 4, 5]);
});

test('a deployment is paused and resumed once', async () => {
  await running.client.create(
    decodeManifest(manifest('Deployment').replace('name: web', 'name: paused')) as Deployment,
  );
  const paused = (isPaused: boolean) => rolloutPause(context(), ['paused'], isPaused);
  await paused(true);
  await expect(paused(true)).rejects.toThrow('error: deployments.apps "paused" is already paused');
  await expect(rolloutUndo(context(), ['paused'], 0)).rejects.toThrow('error: no rollout history found');
  await paused(false);
  await expect(paused(false)).rejects.toThrow('error: deployments.apps "paused" is not paused');
});
