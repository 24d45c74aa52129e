import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { expect, test } from 'vitest';
import { rolloutStatus } from './commands/rollout.ts';
import { observeObject } from './observing.ts';
import { FakeApi, fakeContext } from './testing/fake-context.ts';

const deployment = (updated: number, uid = 'a'): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default', uid, generation: 1 },
  spec: { replicas: 2, selector: {}, template: { spec: { containers: [] } } },
  status: { observedGeneration: 1, replicas: updated, updatedReplicas: updated, availableReplicas: updated },
});
const target = { namespace: 'default', name: 'web' };
const bookmark = { type: 'BOOKMARK', resourceVersion: 1 } as const;
const added = (object: Deployment) => ({ type: 'ADDED', object, resourceVersion: 1 }) as const;
const lost = new GantryError('ServiceUnavailable', 'connection lost');

/** Runs until it is done, moving time on whenever it sleeps. */
async function moving<T>(context: ReturnType<typeof fakeContext>, running: Promise<T>): Promise<T> {
  let done = false;
  const ended = Promise.allSettled([running]).then(([outcome]) => {
    done = true;
    return outcome;
  });
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve));
    context.clock.advance(2_000);
  }
  const outcome = await ended;
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

test('an object is seen again after the connection was lost, and gone where it went meanwhile', async () => {
  const api = new FakeApi();
  api.watches.push(
    { events: [added(deployment(1)), bookmark], end: lost },
    { events: [], end: lost },
    { events: [added(deployment(2)), bookmark, bookmark], end: new GantryError('Expired', 'too old') },
    { events: [bookmark, bookmark], end: new GantryError('Forbidden', 'no more') },
  );
  const context = fakeContext(api);
  const seen: (number | undefined)[] = [];
  const observing = (async () => {
    for await (const object of observeObject(context, 'Deployment', target)) seen.push(object?.status?.updatedReplicas);
  })();
  await expect(moving(context, observing)).rejects.toThrow('no more');
  expect(seen).toEqual([1, 2, undefined]);
  expect(context.printed.err).toBe('The server does not answer; waiting until it is back.\n');
});

test('rollout status goes on through a restart of the api', async () => {
  const api = new FakeApi([deployment(0)]);
  api.watches.push(
    { events: [added(deployment(1)), bookmark], end: lost },
    { events: [], end: lost },
    { events: [added(deployment(2)), bookmark] },
  );
  const context = fakeContext(api);
  await moving(context, rolloutStatus(context, ['web'], { watch: true, timeoutMs: 0 }));
  expect(context.printed.out).toBe(
    'Waiting for deployment "web" rollout to finish: 1 out of 2 new replicas have been updated...\n' +
      'deployment "web" successfully rolled out\n',
  );
});

test('rollout status fails when the deployment goes', async () => {
  const api = new FakeApi([deployment(0)]);
  api.watches.push({ events: [added(deployment(1)), bookmark], end: lost }, { events: [bookmark] });
  const context = fakeContext(api);
  const status = rolloutStatus(context, ['web'], { watch: true, timeoutMs: 0 });
  await expect(moving(context, status)).rejects.toThrow('error: object has been deleted');
});
