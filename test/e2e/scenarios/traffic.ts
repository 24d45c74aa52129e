import { readFile } from 'node:fs/promises';
import { ask, startLoad } from '@gantry/bench/http-load.ts';
import { type HostProcess, listProcesses, signalProcess, waitForExit } from '@gantry/node-agent/host/processes.ts';
import { describe, expect, test } from 'vitest';
import { gantryOk } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { helloManifest, helloUrl, untilReady } from '../hello.ts';
import { eventually } from '../wait.ts';

const perSecond = 100;
const exitTimeoutMs = 10_000;

/** Traffic through a real Envoy while pods come and go. */
export function trafficScenarios(cluster: () => TestCluster): void {
  const version = (text: string): string => /\(version (\d)\)/.exec(text)?.[1] ?? text;

  describe('traffic through Envoy', () => {
    test('answers from every pod, with what ConfigMap and Secret say', async () => {
      const pods = await untilReady(cluster(), 'hello', 3);
      expect(new Set(pods.map(({ spec }) => spec.nodeName)).size).toBe(2);
      const waiting = new Set(pods.map(({ metadata }) => metadata.name));
      await eventually('every pod answers', async () => {
        const answer = await ask(helloUrl);
        expect(answer).toMatch(/^Hello from Gantry \(version 1\), from pod hello-\S+ on node-[12]$/);
        waiting.delete(/pod (\S+)/.exec(answer)![1]!);
        return waiting.size === 0;
      });
    });

    test('fails no more than the requests in flight when a container is killed, and it is back', async () => {
      const [victim] = await untilReady(cluster(), 'hello', 3);
      const { name } = victim!.metadata;
      const before = victim!.status!.containerStatuses![0]!.restartCount ?? 0;
      const load = startLoad(helloUrl, perSecond);
      const server = await processOf(name);
      await eventually('traffic flows', () => load.sent >= perSecond / 2);
      await signalProcess(server, 'SIGKILL');
      expect(await waitForExit(server, exitTimeoutMs, 1)).toBe(true);
      const deadAtMs = Date.now();
      await eventually('the container is back', async () => {
        const pods = await untilReady(cluster(), 'hello', 3);
        const pod = pods.find(({ metadata }) => metadata.name === name);
        return pod?.status?.containerStatuses?.[0]?.restartCount === before + 1;
      });
      await eventually('it answers again', async () => (await ask(helloUrl)).includes(name));
      const sentUntilBack = load.sent;
      await eventually('traffic flows on', () => load.sent >= sentUntilBack + perSecond / 2);
      const { failures } = await load.stop();
      expect(failures.filter(({ sentAtMs }) => sentAtMs > deadAtMs)).toEqual([]);
    });

    test('fails no request while an image is rolled out and back', async () => {
      await untilReady(cluster(), 'hello', 3);
      const load = startLoad(helloUrl, perSecond);
      const manifest = (await readFile(helloManifest, 'utf8')).replaceAll('hello:1', 'hello:2');
      expect(await gantryOk(cluster(), ['apply', '-f', '-'], manifest)).toContain('deployment.apps/hello configured');
      const progress = await gantryOk(cluster(), ['rollout', 'status', 'deploy/hello', '--timeout', '90s']);
      expect(progress).toContain('deployment "hello" successfully rolled out');
      await eventually('all answers are of version 2', allOf('2'));
      await gantryOk(cluster(), ['rollout', 'undo', 'deploy/hello']);
      await gantryOk(cluster(), ['rollout', 'status', 'deploy/hello', '--timeout', '90s']);
      await eventually('all answers are of version 1', allOf('1'));
      const { sent, failures, answers } = await load.stop();
      expect(failures).toEqual([]);
      expect(sent).toBeGreaterThan(perSecond);
      expect(new Set([...answers.keys()].map(version))).toEqual(new Set(['1', '2']));
      const history = await gantryOk(cluster(), ['rollout', 'history', 'deploy/hello']);
      expect(history).toMatch(/^2 .*\n3 /m);
    });
  });

  /** Whether twenty answers in a row are of a version. */
  function allOf(wanted: string): () => Promise<boolean> {
    return async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(helloUrl)));
      return answers.every((answer) => version(answer) === wanted);
    };
  }
}

/** Process 1 of a pod's container, as the machine sees it. */
async function processOf(pod: string): Promise<HostProcess> {
  for (const found of await listProcesses()) {
    const environment = await readFile(`/proc/${found.pid}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(`POD_NAME=${pod}`)) continue;
    const status = await readFile(`/proc/${found.pid}/status`, 'utf8');
    if (/^NSpid:.*\t1$/m.test(status)) return found;
  }
  throw new Error(`no process of pod ${pod}`);
}
