import { expect, test } from 'vitest';
import { eventually } from '../wait.ts';
import { atLeast, type Kubectl } from './kubectl.ts';
import { configMap, waitingPod } from './objects.ts';

/** Commands that read. */
export function reading(k: Kubectl): void {
  test('get prints every form of output', async () => {
    await k.ok('apply', '-f', k.file('a.json', configMap('read-a', { key: 'one' }, { set: 'read' })));
    await k.ok('apply', '-f', k.file('b.json', configMap('read-b', { key: 'two' }, { set: 'read' })));
    const get = (...args: string[]): Promise<string> => k.ok('get', 'configmaps', '-l', 'set=read', ...args);
    expect(await get()).toMatch(/^NAME +DATA +AGE\nread-a +1 +\S+\nread-b +1 +\S+\n$/);
    expect(await get('--show-labels', '--no-headers')).toMatch(/^read-a +1 +\S+ +set=read\n/);
    expect(JSON.parse(await get('-o', 'json')).items).toHaveLength(2);
    expect(await get('-o', 'yaml')).toContain('  data:\n    key: one\n');
    expect(await get('-o', 'name')).toBe('configmap/read-a\nconfigmap/read-b\n');
    expect(await get('-o', 'jsonpath={.items[*].data.key}')).toBe('one two');
    expect(await get('-o', 'custom-columns=N:.metadata.name,V:.data.key')).toBe(
      'N        V\nread-a   one\nread-b   two\n',
    );
    expect(await get('-o', 'go-template={{range .items}}{{.data.key}};{{end}}')).toBe('one;two;');
    expect(await get('--sort-by={.data.key}', '-o', 'name')).toBe('configmap/read-a\nconfigmap/read-b\n');
  });

  test('get selects by labels, fields and namespaces', async () => {
    expect(await k.ok('get', 'cm', '--field-selector', 'metadata.name=read-b', '-o', 'name')).toBe(
      'configmap/read-b\n',
    );
    expect(await k.ok('get', 'cm', '-l', 'set notin (read)', '-o', 'name')).not.toContain('read-a');
    expect(await k.ok('get', 'cm', '-A', '-l', 'set=read')).toMatch(
      new RegExp(`^NAMESPACE .*\n${k.namespace} +read-a`),
    );
    expect(await k.ok('get', 'cm/read-a', 'ns/default', '-o', 'name')).toBe('configmap/read-a\nnamespace/default\n');
    expect(await k.fails('get', 'cm', 'none')).toBe('Error from server (NotFound): configmaps "none" not found\n');
    expect(await k.fails('get', 'gizmos')).toBe('error: the server doesn\'t have a resource type "gizmos"\n');
    expect(await k.ok('get', 'cm', 'none', '--ignore-not-found')).toBe('');
  });

  test('get --watch shows changes as they come', async () => {
    const watching = k.start(['get', 'cm', '-l', 'set=watch', '--watch', '--output-watch-events', '-o', 'name']);
    const file = k.file('watched.json', configMap('watched', { key: 'one' }, { set: 'watch' }));
    await k.ok('create', '-f', file);
    await watching.says('watched');
    await k.ok('delete', '-f', file);
    await eventually('three lines are shown', () => watching.output.stdout.trim().split('\n').length >= 2);
    watching.kill();
    await watching.ended;
  });

  test('describe tells of objects and of their events', async () => {
    await k.ok('apply', '-f', k.file('described.json', waitingPod('described', { app: 'described' })));
    await k.ok('wait', '--for=condition=Ready', 'pod/described', '--timeout=60s');
    await k.ok('create', 'service', 'clusterip', 'described', '--tcp=80:8080');
    const pod = await k.ok('describe', 'pod', 'described');
    expect(pod).toMatch(/^Name: +described\n/);
    expect(pod).toMatch(/Scheduled +\S+( \(.*\))? +\S+ +Successfully assigned/);
    expect(pod).toMatch(/QoS Class: +BestEffort/);
    const [node] = (await k.json('get', 'pod', 'described')).spec.nodeName.split(' ');
    expect(await k.ok('describe', 'node', node)).toMatch(new RegExp(`${k.namespace} +described`));
    expect(await k.ok('describe', 'service', 'described')).toMatch(/Endpoints: +10\./);
    expect(await k.ok('describe', 'cm', 'read-a')).toContain('key:\n----\none\n');
    expect(await k.ok('describe', 'namespace', k.namespace)).toMatch(/Status: +Active/);
    expect(await k.ok('get', 'events')).toMatch(/Scheduled +pod\/described/);
    if (atLeast(k.version, '1.26')) expect(await k.ok('events', '--for', 'pod/described')).toContain('Scheduled');
  });

  test('api-resources, api-versions, version and explain know the api', async () => {
    const resources = await k.ok('api-resources');
    expect(resources).toMatch(/deployments +deploy +apps\/v1 +true +Deployment/);
    expect(await k.ok('api-resources', '--verbs=list', '-o', 'name')).toContain('pods\n');
    expect((await k.ok('api-versions')).split('\n')).toEqual(expect.arrayContaining(['v1', 'apps/v1', 'policy/v1']));
    expect(JSON.parse(await k.ok('version', '-o', 'json')).serverVersion.major).toBe('1');
    expect(await k.ok('explain', 'deployment.spec.replicas')).toMatch(/integer/);
    expect(await k.ok('explain', 'pod', '--recursive')).toMatch(/containers\s+<\[\]/);
    expect(await k.ok('get', '--raw', '/readyz')).toBe('ok');
    expect(await k.ok('cluster-info')).toContain('control plane');
  });
}
