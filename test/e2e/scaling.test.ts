import { application, labelSelector, port } from '@gantry/bench/day/application.ts';
import { look, type Moment, type Recording, record } from '@gantry/bench/day/record.ts';
import { ask, type Load, startLoad } from '@gantry/bench/http-load.ts';
import { pageImage, writePageImage } from '@gantry/bench/page-image.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gantryOk } from './command.ts';
import { type Form, startTestCluster, type TestCluster } from './harness.ts';
import { eventually } from './wait.ts';

// A load that rises tenfold, stays, falls and ends: pods and nodes follow it up, down, to zero and back.

const low = 10;
const high = 100;
const perPod = 20;
const url = `http://127.0.0.1:${port}/`;
/** Statistics come each ten seconds, decisions each fifteen, and nodes start in between, on a machine that has other things to do. */
const patienceMs = 150_000;
/** The cluster's own node takes three pods, each of these two. */
const podCpu = '600m';
const nodeGroup = 'extra:0:3:cpu=1300m,memory=1Gi,unneeded=5s';
/** Seconds that count as steady. */
const steadySeconds = 30;

scenario('up');
scenario('distributed');

function scenario(form: Form): void {
  describe(`scaling with the load: ${form}`, () => {
    let cluster: TestCluster;
    let load: Load;
    let recording: Recording;
    let rate = low;
    const last = (): Moment => recording.moments.at(-1)!;
    /** Waits until the last moment is so. */
    const until = (what: string, holds: (moment: Moment) => boolean): Promise<true> =>
      eventually(
        what,
        () => {
          const moment = recording.moments.at(-1);
          if (moment !== undefined && holds(moment)) return true;
          throw new Error(JSON.stringify(moment));
        },
        patienceMs,
      );

    beforeAll(async () => {
      cluster = await startTestCluster(form, {
        ...{ images: writePageImage, nodes: 1, nodeGroups: [nodeGroup] },
        // A test cannot wait for minutes of stability.
        settings: { SCAN_INTERVAL: '2s', SCALE_DOWN_DELAY_AFTER_ADD: '5s' },
      });
      const sizes = { perPod, podCpu, maxPods: 8, windowSeconds: 15, idleSeconds: 15 };
      await gantryOk(cluster, ['apply', '-f', '-'], application(pageImage, sizes).join('---\n'));
      await eventually('Envoy answers', async () => (await ask(url)) === 'version 1');
      load = startLoad(url, () => rate);
      recording = record(
        () => look(cluster.client, labelSelector),
        load,
        () => rate,
      );
    });
    afterAll(async () => {
      await recording?.[Symbol.asyncDispose]();
      await load?.stop();
      await cluster?.[Symbol.asyncDispose]();
    });

    test('pods follow a load that rises tenfold, and nodes follow the pods', async () => {
      await until('one pod answers', ({ readyPods, answered }) => readyPods === 1 && answered > 0);
      expect(last().nodes).toBe(1);
      rate = high;
      await until('enough pods are ready', ({ readyPods }) => readyPods >= high / perPod);
      expect(last().nodes).toBeGreaterThan(1);
    });

    test('they stay while it stays', async () => {
      const from = recording.moments.length;
      await until('time passes', () => recording.moments.length >= from + steadySeconds);
      const steady = recording.moments.slice(from);
      expect(Math.min(...steady.map(({ pods }) => pods))).toBeGreaterThanOrEqual(high / perPod);
      expect(changes(steady.map(({ pods }) => pods))).toBeLessThanOrEqual(1);
    });

    test('they go when it falls', async () => {
      rate = low;
      await until('one pod and the first node are left', ({ pods, nodes }) => pods === 1 && nodes === 1);
      expect((await cluster.client.list('Node')).items.map(({ metadata }) => metadata.name)).toEqual(['node-1']);
    });

    test('none is left when it ends, and one request wakes the application', async () => {
      rate = 0;
      await until('no pod is left', ({ pods }) => pods === 0);
      expect(await ask(url, patienceMs)).toBe('version 1');
    });

    test('no request failed', async () => {
      const { sent, failures } = await load.stop();
      expect(failures).toEqual([]);
      expect(sent).toBeGreaterThan(high * steadySeconds);
    });
  });
}

/** How often a number changed. */
function changes(numbers: readonly number[]): number {
  return numbers.filter((number, i) => i > 0 && number !== numbers[i - 1]).length;
}
