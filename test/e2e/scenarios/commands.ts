import { ask } from '@gantry/bench/http-load.ts';
import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { gantry, gantryOk, reaching, startGantry } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { helloManifest, helloUrl, untilReady } from '../hello.ts';
import { eventually } from '../wait.ts';

/** The gantry command, as the README shows it. */
export function commandScenarios(cluster: () => TestCluster): void {
  const ok = (...args: string[]): Promise<string> => gantryOk(cluster(), args);
  /** Starts a command that goes on until it is stopped. */
  const follow = (...args: string[]) => startGantry([...reaching(cluster()), ...args]);

  describe('the gantry command', () => {
    test('applies what is there already without a change, and dry runs change nothing', async () => {
      const outcome =
        'configmap/hello unchanged\nsecret/hello unchanged\ndeployment.apps/hello unchanged\nservice/hello unchanged\n';
      expect(await ok('apply', '-f', helloManifest)).toBe(outcome);
      const other = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } });
      expect(await gantryOk(cluster(), ['apply', '--dry-run', '-f', '-'], other)).toBe(
        'configmap/other created (server dry run)\n',
      );
      const missing = await gantry(cluster(), ['get', 'configmap', 'other']);
      expect(missing).toMatchObject({
        code: 1,
        stderr: 'Error from server (NotFound): configmaps "other" not found\n',
      });
    });

    test('gets objects as a table, wide, YAML, JSON and names', async () => {
      const pods = await untilReady(cluster(), 'hello', 3);
      const lines = (await ok('get', 'pods', '-o', 'wide')).trim().split('\n');
      expect(lines[0]).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE/);
      for (const { metadata, spec, status } of pods) {
        const line = lines.find((each) => each.startsWith(metadata.name));
        expect(line).toMatch(/ 1\/1 +Running /);
        expect(line).toContain(` ${status?.podIP} `);
        expect(line).toContain(` ${spec.nodeName} `);
      }
      const fromYaml = parse(await ok('get', 'deploy/hello', '-o', 'yaml')) as Deployment;
      const fromJson = JSON.parse(await ok('get', 'deployments', 'hello', '-o', 'json')) as Deployment;
      expect(fromYaml).toEqual(fromJson);
      expect(fromYaml).toMatchObject({ kind: 'Deployment', spec: { replicas: 3 }, status: { readyReplicas: 3 } });
      // Beside those that every cluster has.
      const names = (await ok('get', 'services,configmaps', '-o', 'name')).split('\n');
      expect(names).toEqual(expect.arrayContaining(['service/hello', 'service/kubernetes', 'configmap/hello']));
      expect(await ok('get', 'nodes', '--no-headers')).toMatch(/^node-1 +Ready .*\nnode-2 +Ready .*\n$/);
      expect(await ok('status')).toMatch(/nodes +2 of 2 ready\n/);
    });

    test('describes a deployment with its events, and a pod with where it runs and why', async () => {
      const [pod] = await untilReady(cluster(), 'hello', 3);
      expect(await ok('describe', 'deployment', 'hello')).toMatch(/ScalingReplicaSet .*Scaled up replica set hello-/);
      const described = await ok('describe', 'pod', pod!.metadata.name);
      expect(described).toContain(pod!.spec.nodeName!);
      expect(described).toMatch(/Scheduled .*Successfully assigned default\/hello-/);
      expect(described).toMatch(/Started /);
      expect(await ok('explain', 'pod', pod!.metadata.name)).toContain(pod!.spec.nodeName!);
    });

    test('runs commands in containers, with their input and their exit codes', async () => {
      expect(await ok('exec', 'deploy/hello', '--', 'cat', '/etc/hello/password')).toBe('correct horse battery staple');
      expect(await gantryOk(cluster(), ['exec', '-i', 'deploy/hello', '--', 'tr', 'a-z', 'A-Z'], 'loud')).toBe('LOUD');
      const failed = await gantry(cluster(), ['exec', 'deploy/hello', '--', 'sh', '-c', 'echo no >&2; exit 7']);
      expect(failed).toMatchObject({ code: 7, stdout: '' });
      expect(failed.stderr).toContain('no\n');
    });

    test('follows logs, and ends when it is interrupted', async () => {
      const [pod] = await untilReady(cluster(), 'hello', 3);
      const logs = follow('logs', '-f', `pod/${pod!.metadata.name}`);
      await logs.says('listening on port 8080');
      await eventually('the pod answers', async () => (await ask(helloUrl)).includes(pod!.metadata.name));
      await logs.says('GET / for');
      logs.kill('SIGINT');
      expect(await logs.ended).toMatchObject({ code: 0, stderr: '' });
    });

    test('scales, and a watch tells of it', async () => {
      const watch = follow('get', 'pods', '-l', 'app=hello', '-w');
      await watch.says(/hello-\S+ +1\/1/);
      expect(await ok('scale', 'deploy/hello', '--replicas', '5')).toBe('deployment.apps/hello scaled\n');
      await untilReady(cluster(), 'hello', 5);
      await watch.says(/ContainerCreating.*1\/1 +Running/s);
      await ok('scale', 'deploy/hello', '--replicas', '3');
      await untilReady(cluster(), 'hello', 3);
      await watch.says('Terminating');
      watch.kill('SIGINT');
      expect(await watch.ended).toMatchObject({ code: 0, stderr: '' });
    });

    test('refuses with a reason and a code: unknown things, broken YAML, an api that is away', async () => {
      expect(await gantry(cluster(), ['get', 'wombats'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('the server doesn\'t have a resource type "wombats"'),
      });
      expect(await gantry(cluster(), ['fly'])).toMatchObject({ code: 2 });
      expect(await gantry({ address: '127.0.0.1:1' }, ['get', 'pods'])).toMatchObject({ code: 3 });
    });
  });
}
