import { expect, test } from 'vitest';
import { atLeast, type Kubectl } from './kubectl.ts';
import { configMap, webDeployment } from './objects.ts';

/** Commands that write objects. */
export function writing(k: Kubectl): void {
  test('apply creates, leaves alone and changes, and prunes what is left out', async () => {
    const first = k.file('first.json', configMap('applied', { a: '1', b: '2' }, { set: 'apply' }));
    expect(await k.ok('apply', '-f', first)).toBe('configmap/applied created\n');
    expect(await k.ok('apply', '-f', first)).toBe('configmap/applied unchanged\n');
    const second = k.file('second.json', configMap('applied', { a: '3' }, { set: 'apply' }));
    const { code, stdout } = await k.run(['diff', '-f', second]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^- {2}a: "1"\n- {2}b: "2"\n\+ {2}a: "3"$/m);
    expect(await k.ok('apply', '-f', second, '--dry-run=server')).toBe(
      'configmap/applied configured (server dry run)\n',
    );
    expect(await k.ok('apply', '-f', second)).toBe('configmap/applied configured\n');
    expect((await k.json('get', 'cm', 'applied')).data).toEqual({ a: '3' });
    const other = k.file('other.json', configMap('kept', {}, { set: 'apply' }));
    const prune = [
      '--prune',
      '-l',
      'set=apply',
      ...(atLeast(k.version, '1.26')
        ? ['--prune-allowlist=core/v1/ConfigMap']
        : ['--prune-whitelist=core/v1/ConfigMap']),
    ];
    expect(await k.ok('apply', '-f', other, ...prune)).toContain('configmap/applied pruned\n');
    expect(await k.ok('get', 'cm', '-l', 'set=apply', '-o', 'name')).toBe('configmap/kept\n');
  });

  test('apply refuses what is wrong, naming the field', async () => {
    const broken = { ...configMap('broken', {}), datum: {} };
    const error = await k.fails('apply', '-f', k.file('broken.json', broken));
    expect(error).toContain('unknown field "datum"');
    const invalid = webDeployment('Invalid_Name', 1);
    expect(await k.fails('apply', '-f', k.file('invalid.json', invalid))).toContain(
      'metadata.name: Invalid value: "Invalid_Name"',
    );
  });

  test('apply --server-side owns fields, meets conflicts, and gives fields up', async () => {
    const ours = k.file('ssa.json', configMap('owned', { a: '1', b: '1' }));
    const apply = (file: string, ...flags: string[]): string[] => ['apply', '--server-side', '-f', file, ...flags];
    expect(await k.ok(...apply(ours))).toBe('configmap/owned serverside-applied\n');
    const theirs = k.file('theirs.json', configMap('owned', { a: '2' }));
    const conflict = await k.fails(...apply(theirs, '--field-manager=other'));
    expect(conflict).toContain('Apply failed with 1 conflict: conflict with "kubectl"');
    expect(conflict).toContain('.data.a');
    await k.ok(...apply(theirs, '--field-manager=other', '--force-conflicts'));
    await k.ok(...apply(k.file('less.json', configMap('owned', {}))));
    expect((await k.json('get', 'cm', 'owned')).data).toEqual({ a: '2' });
    if (!atLeast(k.version, '1.26')) return;
    const moved = k.file('moved.json', configMap('moved', { a: '1', b: '1' }));
    await k.ok('apply', '-f', moved);
    await k.ok(...apply(k.file('moved-less.json', configMap('moved', { a: '1' }))));
    expect((await k.json('get', 'cm', 'moved')).data).toEqual({ a: '1' });
  });

  test('patch takes every type, and subresources', async () => {
    await k.ok('create', '-f', k.file('patched.json', webDeployment('patched', 0)));
    const patch = (...args: string[]): Promise<string> => k.ok('patch', 'deployment', 'patched', ...args);
    await patch(
      '-p',
      '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}',
    );
    await patch('--type=merge', '-p', '{"spec":{"minReadySeconds":1}}');
    await patch('--type=json', '-p', '[{"op":"add","path":"/metadata/labels/by","value":"patch"}]');
    const { spec, metadata } = await k.json('get', 'deployment', 'patched');
    expect(spec.template.spec.containers[0]).toMatchObject({ name: 'web', env: [{ name: 'A', value: '1' }] });
    expect(spec.minReadySeconds).toBe(1);
    expect(metadata.labels).toMatchObject({ app: 'patched', by: 'patch' });
    if (!atLeast(k.version, '1.24')) return;
    await patch('--subresource=scale', '--type=merge', '-p', '{"spec":{"replicas":0}}');
    const status = ['--subresource=status', '--type=merge', '-p', '{"status":{"observedGeneration":1}}'];
    await patch(...status);
    expect(await k.ok('get', 'deployment', 'patched', '--subresource=status', '-o', 'name')).toContain('patched');
  });

  test('label, annotate, set, replace and edit change what they name', async () => {
    await k.ok('create', '-f', k.file('changed.json', webDeployment('changed', 0)));
    await k.ok('label', 'deployment', 'changed', 'tier=web');
    expect(await k.fails('label', 'deployment', 'changed', 'tier=db')).toContain('--overwrite is false');
    await k.ok('label', 'deployment', 'changed', 'tier-');
    await k.ok('annotate', 'deployment', 'changed', 'note=here');
    await k.ok('set', 'image', 'deployment/changed', 'web=gantry.dev/hello:2');
    await k.ok('set', 'env', 'deployment/changed', 'B=2');
    await k.ok('set', 'resources', 'deployment/changed', '--limits=cpu=100m');
    await k.ok('set', 'serviceaccount', 'deployment/changed', 'default');
    const changed = await k.json('get', 'deployment', 'changed');
    expect(changed.metadata.annotations).toMatchObject({ note: 'here' });
    expect(changed.metadata.labels.tier).toBeUndefined();
    expect(changed.spec.template.spec.containers[0]).toMatchObject({
      image: 'gantry.dev/hello:2',
      env: [{ name: 'B', value: '2' }],
      resources: { limits: { cpu: '100m' } },
    });
    // Controllers write the object's status meanwhile: the replacement has no precondition.
    const { resourceVersion: _, ...metadata } = changed.metadata;
    const replaced = { ...changed, metadata: { ...metadata, annotations: { note: 'replaced' } } };
    await k.ok('replace', '-f', k.file('replaced.json', replaced));
    const editor = `sed -i s/note:.*/note:\\ edited/`;
    await k.okWith(['edit', 'deployment', 'changed'], { env: { EDITOR: editor, KUBE_EDITOR: editor } });
    expect((await k.json('get', 'deployment', 'changed')).metadata.annotations.note).toBe('edited');
  });

  test('delete ends by name, label and file, and can leave dependents', async () => {
    for (const name of ['gone-a', 'gone-b', 'gone-c']) {
      await k.ok('create', '-f', k.file(`${name}.json`, configMap(name, {}, { set: 'gone', only: name })));
    }
    expect(await k.ok('delete', 'cm', 'gone-a')).toMatch(/^configmap "gone-a" deleted/);
    expect(await k.ok('delete', '-f', k.file('gone-b.json', configMap('gone-b', {})))).toContain('gone-b');
    expect(await k.ok('delete', 'cm', '-l', 'set=gone')).toContain('gone-c');
    await k.ok('create', '-f', k.file('owner.json', webDeployment('owner', 0)));
    await k.ok('wait', '--for=condition=Available', 'deployment/owner', '--timeout=60s');
    await k.ok('delete', 'deployment', 'owner', '--cascade=orphan');
    expect(await k.ok('get', 'rs', '-l', 'app=owner', '-o', 'name')).toContain('replicaset');
    await k.ok('delete', 'rs', '-l', 'app=owner', '--cascade=foreground');
    expect(await k.ok('get', 'rs', '-l', 'app=owner', '-o', 'name')).toBe('');
  });

  test('kustomize builds, and apply -k applies it', async () => {
    k.file('base.json', configMap('kustomized', { a: '1' }));
    k.file('kustomization.yaml', 'resources: [base.json]\nnamePrefix: pre-\ncommonLabels: {built: kustomize}\n');
    expect(await k.ok('kustomize', k.folder)).toContain('name: pre-kustomized');
    expect(await k.ok('apply', '-k', k.folder)).toBe('configmap/pre-kustomized created\n');
  });
}
