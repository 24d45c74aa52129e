import { expect, test } from 'vitest';
import type { Kubectl } from './kubectl.ts';
import { image, nextImage, waitingPod, webDeployment } from './objects.ts';

const patience = '--timeout=90s';

/** Commands about workloads that run. */
export function workloads(k: Kubectl): void {
  test('rollout tells the status and history, undoes, restarts, pauses and resumes', async () => {
    const manifest = webDeployment('web', 2, { 'kubernetes.io/change-cause': 'first' });
    await k.ok('create', '-f', k.file('web.json', manifest));
    expect(await k.ok('rollout', 'status', 'deployment/web', patience)).toContain('successfully rolled out');
    await k.ok('set', 'image', 'deployment/web', `web=${nextImage}`);
    await k.ok('annotate', 'deployment', 'web', 'kubernetes.io/change-cause=second', '--overwrite');
    await k.ok('rollout', 'status', 'deployment/web', patience);
    expect(await k.ok('rollout', 'history', 'deployment/web')).toMatch(/1 +first\n2 +second/);
    expect(await k.ok('rollout', 'history', 'deployment/web', '--revision=1')).toContain(image);
    await k.ok('rollout', 'undo', 'deployment/web');
    await k.ok('rollout', 'status', 'deployment/web', patience);
    expect((await k.json('get', 'deployment', 'web')).spec.template.spec.containers[0].image).toBe(image);
    await k.ok('rollout', 'pause', 'deployment/web');
    await k
      .ok('rollout', 'restart', 'deployment/web')
      .catch((error: Error) => expect(error.message).toContain('paused'));
    await k.ok('rollout', 'resume', 'deployment/web');
    await k.ok('rollout', 'restart', 'deployment/web');
    await k.ok('rollout', 'status', 'deployment/web', patience);
    const { annotations } = (await k.json('get', 'deployment', 'web')).spec.template.metadata;
    expect(annotations).toHaveProperty(['kubectl.kubernetes.io/restartedAt']);
  });

  test('scale sets replicas, also on a condition', async () => {
    await k.ok('scale', 'deployment', 'web', '--replicas=3');
    await k.ok('rollout', 'status', 'deployment/web', patience);
    expect(await k.fails('scale', 'deployment', 'web', '--current-replicas=2', '--replicas=1')).toContain(
      'Expected replicas to be 2, was 3',
    );
    await k.ok('scale', 'deployment', 'web', '--current-replicas=3', '--replicas=1');
    expect((await k.json('get', 'deployment', 'web')).spec.replicas).toBe(1);
  });

  test('autoscale makes an autoscaler', async () => {
    await k.ok('autoscale', 'deployment', 'web', '--min=1', '--max=5', '--cpu-percent=80');
    expect(await k.json('get', 'hpa', 'web')).toMatchObject({
      spec: { minReplicas: 1, maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'web' } },
    });
  });

  test('expose makes a service with the selector of what it exposes', async () => {
    await k.ok('expose', 'deployment', 'web', '--port=80', '--target-port=8080');
    expect((await k.json('get', 'service', 'web')).spec).toMatchObject({
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080 }],
    });
  });

  test('run starts a pod; wait waits for conditions, fields and the end', async () => {
    await k.ok('run', 'one', `--image=${image}`, '--restart=Never', '--labels=run=one');
    await k.ok('wait', '--for=condition=Ready', 'pod/one', patience);
    if (k.version !== '1.22')
      await k.ok('wait', '--for=jsonpath={.status.phase}=Running', 'pod', '-l', 'run=one', patience);
    await k.ok('delete', 'pod', 'one', '--wait=false', '--grace-period=1');
    await k.ok('wait', '--for=delete', 'pod/one', patience);
    expect(await k.fails('wait', '--for=condition=Ready', 'pod/one', '--timeout=1s')).toContain('not found');
  });

  test('cordon, drain and taint keep pods away from a node', async () => {
    await k.ok('apply', '-f', k.file('drained.json', webDeployment('drained', 1)));
    await k.ok('rollout', 'status', 'deployment/drained', patience);
    const [pod] = (await k.json('get', 'pods', '-l', 'app=drained')).items;
    const node: string = pod.spec.nodeName;
    try {
      await k.ok('cordon', node);
      expect(await k.ok('get', 'node', node)).toContain('Ready,SchedulingDisabled');
      const selector = [
        '--pod-selector=app=drained',
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--force',
        patience,
      ];
      expect(await k.ok('drain', node, ...selector)).toContain(`pod/${pod.metadata.name} evicted`);
      await k.ok('rollout', 'status', 'deployment/drained', patience);
      const [moved] = (await k.json('get', 'pods', '-l', 'app=drained', '--field-selector=status.phase=Running')).items;
      expect(moved.spec.nodeName).not.toBe(node);
    } finally {
      await k.ok('uncordon', node);
    }
    await k.ok('taint', 'node', node, 'dedicated=test:NoSchedule');
    expect((await k.json('get', 'node', node)).spec.taints).toMatchObject([{ key: 'dedicated', effect: 'NoSchedule' }]);
    await k.ok('taint', 'node', node, 'dedicated-');
  });

  test('a budget holds drain back until it allows the eviction', async () => {
    await k.ok('apply', '-f', k.file('guarded.json', waitingPod('guarded', { app: 'guarded' })));
    await k.ok('wait', '--for=condition=Ready', 'pod/guarded', patience);
    await k.ok('create', 'pdb', 'guarded', '--selector=app=guarded', '--min-available=1');
    const node: string = (await k.json('get', 'pod', 'guarded')).spec.nodeName;
    try {
      const args = [node, '--pod-selector=app=guarded', '--ignore-daemonsets', '--force', '--timeout=3s'];
      expect(await k.fails('drain', ...args)).toContain(
        "Cannot evict pod as it would violate the pod's disruption budget",
      );
    } finally {
      await k.ok('uncordon', node);
      await k.ok('delete', 'pdb/guarded', 'pod/guarded');
    }
  });
}
