import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '@gantry/bench/http-load.ts';
import { freeAddress } from '@gantry/cli/up/free-port.ts';
import { expect, test } from 'vitest';
import { eventually } from '../wait.ts';
import { atLeast, type Kubectl } from './kubectl.ts';
import { image, waitingPod } from './objects.ts';

/** Commands that stream. */
export function streams(k: Kubectl): void {
  test('logs show what a container wrote, all of it or the end, and follow', async () => {
    const chatty = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'chatty' },
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image, command: ['sh', '-c', 'echo one; echo two; echo three'] }],
      },
    };
    await k.ok('create', '-f', k.file('chatty.json', chatty));
    await eventually('the pod ended', async () => (await k.json('get', 'pod', 'chatty')).status.phase === 'Succeeded');
    expect(await k.ok('logs', 'chatty')).toBe('one\ntwo\nthree\n');
    expect(await k.ok('logs', 'chatty', '--tail=1')).toBe('three\n');
    expect(await k.ok('logs', 'chatty', '-c', 'main', '--timestamps')).toMatch(/^20\d\d-\S+Z one\n/);
    expect(await k.ok('logs', 'chatty', '--limit-bytes=3')).toBe('one');
    expect(await k.ok('logs', '-f', 'chatty')).toBe('one\ntwo\nthree\n');
    expect(await k.fails('logs', 'chatty', '-c', 'other')).toContain('container other is not valid for pod chatty');
  });

  test('exec runs a command with its input, output and exit code', async () => {
    await k.ok('create', '-f', k.file('busy.json', waitingPod('busy')));
    await k.ok('wait', '--for=condition=Ready', 'pod/busy', '--timeout=60s');
    expect(await k.ok('exec', 'busy', '--', 'echo', 'hello')).toBe('hello\n');
    expect((await k.okWith(['exec', '-i', 'busy', '--', 'busybox', 'cat'], { input: 'from here' })).stdout).toBe(
      'from here',
    );
    const failed = await k.run(['exec', 'busy', '--', 'sh', '-c', 'echo wrong >&2; exit 7']);
    expect(failed).toMatchObject({ code: 7, stderr: expect.stringContaining('wrong\n') });
    expect(await k.fails('exec', 'busy', '-c', 'other', '--', 'echo')).toContain(
      'container other is not valid for pod busy',
    );
    expect(await k.fails('exec', 'none', '--', 'echo')).toContain('pods "none" not found');
  });

  test('cp brings files in and out', async () => {
    const large = 'a line of text\n'.repeat(20_000);
    await k.ok('cp', k.file('in.txt', large), 'busy:/tmp/in.txt');
    await k.ok('cp', 'busy:/tmp/in.txt', join(k.folder, 'out.txt'));
    expect(readFileSync(join(k.folder, 'out.txt'), 'utf8')).toBe(large);
  });

  test('attach connects to the container itself', async () => {
    const asker = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'asker' },
      spec: {
        restartPolicy: 'Never',
        containers: [
          { name: 'main', image, stdin: true, stdinOnce: true, command: ['sh', '-c', 'read line; echo "got $line"'] },
        ],
      },
    };
    await k.ok('create', '-f', k.file('asker.json', asker));
    await k.ok('wait', '--for=condition=Ready', 'pod/asker', '--timeout=60s');
    await k.okWith(['attach', '-i', 'asker'], { input: 'a word\n' });
    await eventually('the container has read it', async () => (await k.ok('logs', 'asker')) === 'got a word\n');
  });

  test('port-forward leads a local port to a pod', async () => {
    await k.ok('run', 'served', `--image=${image}`, '--port=8080');
    await k.ok('wait', '--for=condition=Ready', 'pod/served', '--timeout=60s');
    const port = (await freeAddress('127.0.0.1:0')).split(':')[1]!;
    const forwarding = k.start(['port-forward', 'pod/served', `${port}:8080`]);
    await forwarding.says('Forwarding from');
    const answers = await Promise.all([1, 2, 3].map(() => ask(`http://127.0.0.1:${port}/`)));
    for (const answer of answers) expect(JSON.stringify(answer)).toContain('from pod');
    forwarding.kill();
    await forwarding.ended;
  });

  test('proxy serves the api on a local port', async () => {
    const port = (await freeAddress('127.0.0.1:0')).split(':')[1]!;
    const proxy = k.start(['proxy', `--port=${port}`]);
    await proxy.says('Starting to serve');
    const base = `http://127.0.0.1:${port}/api/v1/namespaces/${k.namespace}`;
    const list = await fetch(`${base}/pods`);
    expect(await list.json()).toMatchObject({ kind: 'PodList' });
    const through = await fetch(`${base}/pods/served:8080/proxy/`);
    expect(await through.text()).toContain('from pod');
    proxy.kill();
    await proxy.ended;
  });

  test('debug copies a pod, with another command in its container', async () => {
    const args = [
      'debug',
      'busy',
      '--copy-to=busy-copy',
      '--container=main',
      '--attach=false',
      '--',
      'busybox',
      'sleep',
      '1000',
    ];
    await k.ok(...args);
    await k.ok('wait', '--for=condition=Ready', 'pod/busy-copy', '--timeout=60s');
    if (atLeast(k.version, '1.25')) {
      await k.ok('debug', 'busy', `--image=${image}`, '--attach=false', '--', 'busybox', 'sleep', '1000');
      expect((await k.json('get', 'pod', 'busy')).spec.ephemeralContainers).toHaveLength(1);
    }
  });
}
