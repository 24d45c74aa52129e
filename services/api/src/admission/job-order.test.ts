import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/harness.ts';

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

const aJob = (name: string, after?: string): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    name,
    namespace: 'default',
    ...(after === undefined ? {} : { annotations: { 'gantry.dev/after': after } }),
  },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } } },
});
const field = 'Invalid value';
const create = (name: string, after?: string): Promise<unknown> => running.client.create(aJob(name, after));

describe('a Job after others', () => {
  it('is taken where it closes no circle', async () => {
    await create('load', 'job/transform');
    await create('transform', 'job/extract, deployment/load');
    await create('other', 'job/load, job/transform=Finished');
    await create('extract');
  });

  it('is refused where it closes one, which is named', async () => {
    await create('c', 'job/b');
    await create('b', 'job/a');
    await expect(create('a', 'job/x, job/c=Failed')).rejects.toMatchObject({
      reason: 'Invalid',
      message: `Job.batch "a" is invalid: metadata.annotations[gantry.dev/after]: ${field}: "job/x, job/c=Failed": Jobs must not wait for one another in a cycle: a → c → b → a`,
    });
    await create('a', 'job/x');
    await expect(create('self', 'job/self')).rejects.toThrow('in a cycle: self → self');
  });

  it('is refused a change that closes one, and only that', async () => {
    await create('first');
    await create('second', 'job/first');
    const target = { namespace: 'default', name: 'first' };
    const patched = (after: string) =>
      running.client.patch('Job', target, {
        type: 'merge',
        body: { metadata: { annotations: { 'gantry.dev/after': after } } },
      });
    await expect(patched('job/second')).rejects.toThrow('in a cycle: first → second → first');
    await expect(patched('job/zeroth')).resolves.toMatchObject({ metadata: { name: 'first' } });
  });

  it('is refused where another one closes the circle at the same time', async () => {
    for (let round = 0; round < 10; round++) {
      const [x, y] = [`x-${round}`, `y-${round}`];
      const results = await Promise.allSettled([create(x, `job/${y}`), create(y, `job/${x}`)]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(results.find(({ status }) => status === 'rejected')).toHaveProperty('reason.reason', 'Invalid');
    }
    const both = await running.client.createBatch([aJob('left', 'job/right'), aJob('right', 'job/left')]);
    expect(both.map(({ reason }) => reason)).toEqual(['', 'Invalid']);
    const open = await running.client.createBatch([aJob('one', 'job/two'), aJob('two', 'job/three')]);
    expect(open.map(({ reason }) => reason)).toEqual(['', '']);
  });

  it('is refused a change that closes one at the same time as another change', async () => {
    await Promise.all([create('p'), create('q')]);
    const after = (job: string, other: string) =>
      running.client.patch(
        'Job',
        { namespace: 'default', name: job },
        {
          type: 'merge',
          body: { metadata: { annotations: { 'gantry.dev/after': `job/${other}` } } },
        },
      );
    const results = await Promise.allSettled([after('p', 'q'), after('q', 'p')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is refused where its text says nothing', async () => {
    await expect(create('bad', 'pod/x, job/y=Ready')).rejects.toMatchObject({
      reason: 'Invalid',
      message: `Job.batch "bad" is invalid: [metadata.annotations[gantry.dev/after]: ${field}: "pod/x, job/y=Ready": "pod/x" must name a job or a deployment, and not a pod, metadata.annotations[gantry.dev/after]: ${field}: "pod/x, job/y=Ready": a Job can be Complete, Failed, Finished, and not "Ready"]`,
    });
  });
});
