import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { describe, expect, test } from 'vitest';
import { gantryOk, projectFile } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { eventually } from '../wait.ts';

const namespace = 'default';

/** Jobs run to their end, one after another where they ask for it, and count each pod once. */
export function jobScenarios(cluster: () => TestCluster): void {
  const jobOf = (name: string): Promise<Job> => cluster().client.get('Job', { namespace, name });
  const holds = async (name: string, type: string): Promise<boolean> =>
    (await jobOf(name)).status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false;

  describe('jobs', () => {
    test('run one after another', async () => {
      await gantryOk(cluster(), ['apply', '-f', projectFile('examples/pipeline.yaml')]);
      await eventually('the second waits', async () => holds('report', 'Waiting'));
      expect(await gantryOk(cluster(), ['describe', 'job', 'report'])).toContain('Job "extract" to be Complete');
      for (const name of ['extract', 'report', 'cleanup']) {
        await eventually(`${name} is complete`, () => holds(name, 'Complete'));
      }
      const [first, second, third] = await Promise.all(['extract', 'report', 'cleanup'].map(jobOf));
      expect(first!.status).toMatchObject({ succeeded: 2, completedIndexes: '0,1', uncountedTerminatedPods: {} });
      expect(second!.status!.startTime! >= first!.status!.completionTime!).toBe(true);
      expect(third!.status!.startTime! >= second!.status!.completionTime!).toBe(true);
      const pods = await cluster().client.list('Pod', { namespace, labelSelector: 'job-name=extract' });
      expect(pods.items.map(({ metadata }) => metadata.finalizers ?? [])).toEqual([[], []]);
      const index = pods.items.find(({ metadata }) => metadata.name.startsWith('extract-1-'))!;
      expect(await gantryOk(cluster(), ['logs', index.metadata.name])).toContain('part 1');
    });

    test('are refused where they would wait for one another', async () => {
      const body = { metadata: { annotations: { 'gantry.dev/after': 'job/report' } } };
      const changed = cluster().client.patch('Job', { namespace, name: 'extract' }, { type: 'merge', body });
      await expect(changed).rejects.toThrow('in a cycle: extract → report → extract');
    });

    test('go with their pods', async () => {
      for (const name of ['extract', 'report', 'cleanup']) await gantryOk(cluster(), ['delete', 'job', name]);
      await eventually('their pods are gone', async () => {
        const { items } = await cluster().client.list('Pod', { namespace, labelSelector: 'job-name' });
        return items.length === 0;
      });
    });
  });
}
