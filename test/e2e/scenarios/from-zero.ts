import { readFile } from 'node:fs/promises';
import { ask } from '@gantry/bench/http-load.ts';
import { asleepCondition, zeroAnnotations } from '@gantry/model/kinds/service/zero.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gantry, gantryOk, projectFile } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { podsOf, untilReady } from '../hello.ts';
import { eventually } from '../wait.ts';

const manifest = projectFile('examples/scale-to-zero.yaml');
const url = 'http://127.0.0.1:8085/';
/** The shortest time without requests, so that the test is short. */
const shortest = { [zeroAnnotations.after]: '10s' };

/** A Service whose pods come with its requests, and go without them. */
export function fromZeroScenarios(cluster: () => TestCluster): void {
  const service = { namespace: 'default', name: 'quiet' };
  const asleep = async (): Promise<string | undefined> => {
    const { status } = await cluster().client.get('Service', service);
    return status?.conditions?.find(({ type }) => type === asleepCondition)?.status;
  };
  const scaleTo = (replicas: number): Promise<string> =>
    gantryOk(cluster(), ['scale', 'deploy/quiet', `--replicas=${replicas}`]);
  const untilNone = (): Promise<boolean> =>
    eventually('there is no pod', async () => (await podsOf(cluster(), 'quiet')).length === 0);
  const annotate = (annotations: Record<string, string>): Promise<unknown> =>
    cluster().client.patch('Service', service, { type: 'merge', body: { metadata: { annotations } } });

  describe('scale to zero and from zero', () => {
    beforeAll(async () => {
      await gantryOk(cluster(), ['apply', '-f', manifest]);
      await untilReady(cluster(), 'quiet', 1);
    });
    afterAll(() => gantryOk(cluster(), ['delete', '-f', manifest]));

    test('answers fifty requests that came at zero, all of them', async () => {
      await scaleTo(0);
      await untilNone();
      await eventually('it says that it is asleep', async () => (await asleep()) === 'True');
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(url, 60_000)));
      expect(answers).toHaveLength(50);
      for (const answer of answers) expect(answer).toMatch(/from pod quiet-/);
      await eventually('it says that it is awake', async () => (await asleep()) === 'False');
    });

    test('wakes for a pod that asks by its name', async () => {
      await scaleTo(0);
      await untilNone();
      const page = ['exec', 'deploy/hello', '--', 'wget', '-q', '-O', '-', 'http://quiet:8085/'];
      expect(await gantryOk(cluster(), page)).toMatch(/from pod quiet-/);
    });

    test('goes to zero by itself when nobody asks, and not before', async () => {
      await annotate(shortest);
      const untilMs = Date.now() + 12_000;
      while (Date.now() < untilMs) {
        expect(await ask(url)).toMatch(/from pod quiet-/);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      expect(await podsOf(cluster(), 'quiet')).toHaveLength(1);
      await untilNone();
      expect(await asleep()).toBe('True');
      expect(await ask(url, 60_000)).toMatch(/from pod quiet-/);
    });

    test('refuses a request whose time is up, and says why', async () => {
      await annotate({ [zeroAnnotations.timeout]: '1s' });
      const broken = (await readFile(manifest, 'utf8')).replace('hello:1', 'no-such-image:1');
      await gantryOk(cluster(), ['apply', '-f', '-'], broken.split('\n---\n')[0]);
      await scaleTo(0);
      await untilNone();
      const answer = await eventually('it is refused', async () => {
        const response = await fetch(url);
        return response.status === 503 && response;
      });
      expect(await answer.text()).toBe('no pod of quiet.default:8085 was ready in time\n');
      expect(answer.headers.get('retry-after')).toBe('5');
    });

    test('is told which annotation is wrong', async () => {
      const wrong = (await readFile(manifest, 'utf8')).replace('scale-to-zero-after: 1m', 'scale-to-zero-after: soon');
      const { code, stderr } = await gantry(cluster(), ['apply', '-f', '-'], wrong);
      expect(code).not.toBe(0);
      expect(stderr).toContain('metadata.annotations[gantry.dev/scale-to-zero-after]: Invalid value: "soon"');
    });
  });
}
