import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CommandResult, projectFile, startProgram } from '../command.ts';
import { clientBinary, type Kubectl, type Loose } from './kubectl.ts';

const charts = projectFile('test/e2e/clients/charts');

/** Releases of charts, from install to uninstall. `k` looks at what they made. */
export function helm(k: Kubectl): void {
  const run = (...args: string[]): Promise<CommandResult> => {
    const flags = ['--kubeconfig', k.kubeconfig, '-n', k.namespace];
    const homes = ['cache', 'config', 'data'].map((name) => [`HELM_${name.toUpperCase()}_HOME`, join(k.folder, name)]);
    return startProgram(clientBinary(k.version, 'helm'), [...args, ...flags], {
      env: Object.fromEntries(homes),
    }).ended;
  };
  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    if (code !== 0) throw new Error(`helm ${args.join(' ')} ended with code ${code}: ${stderr}`);
    return stdout;
  };
  const wait = ['--wait', '--timeout', '90s'];
  const releases = async (): Promise<Loose[]> => JSON.parse(await ok('list', '-o', 'json'));

  test('install, upgrade, rollback and uninstall a workload, each waited for', async () => {
    expect(await ok('install', 'one', join(charts, 'web'), ...wait)).toContain('one greets with Hello.');
    expect(await k.json('get', 'deployment', 'one-web')).toMatchObject({ status: { readyReplicas: 2 } });
    await ok('upgrade', 'one', join(charts, 'web'), '--set', 'greeting=Salut,image=gantry.dev/hello:2', ...wait);
    expect((await k.json('get', 'cm', 'one-web')).data).toEqual({ greeting: 'Salut' });
    await ok('rollback', 'one', '1', ...wait);
    const deployment = await k.json('get', 'deployment', 'one-web');
    expect(deployment.spec.template.spec.containers[0].image).toBe('gantry.dev/hello:1');
    expect(deployment.status).toMatchObject({ updatedReplicas: 2, readyReplicas: 2 });
    expect(await releases()).toMatchObject([{ name: 'one', revision: '3', status: 'deployed' }]);
    expect(await ok('history', 'one')).toMatch(/3 .*Rollback to 1/);
    expect(await ok('get', 'manifest', 'one')).toContain('kind: Deployment');
    await ok('uninstall', 'one', ...wait);
    expect(
      await k.ok('get', 'deployment,service,configmap', '-l', 'app.kubernetes.io/instance=one', '-o', 'name'),
    ).toBe('');
    expect(await releases()).toEqual([]);
  });

  test('install roles, budgets and policies with a hook before them; an upgrade takes away what the chart lost', async () => {
    const chart = join(charts, 'settings');
    await ok('install', 'two', chart, ...wait);
    expect((await k.json('get', 'role', 'two')).rules[0].verbs).toEqual(['get', 'list']);
    expect((await k.json('get', 'cm', 'two-hook')).data).toEqual({ revision: '1' });
    await ok('upgrade', 'two', chart, '--set', 'verbs={watch}', ...wait);
    expect((await k.json('get', 'role', 'two')).rules[0].verbs).toEqual(['watch']);
    expect((await k.json('get', 'cm', 'two-hook')).data).toEqual({ revision: '2' });
    const { code, stderr } = await run('install', 'two', chart);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/cannot re-?use a name that is still in use/)]);
    await ok('uninstall', 'two', ...wait);
    expect(
      await k.ok(
        'get',
        'role,rolebinding,pdb,networkpolicy,secret,sa',
        '--field-selector=metadata.name=two',
        '-o',
        'name',
      ),
    ).toBe('');
  });

  test('install a chart of charts and test the release', async () => {
    await ok('dependency', 'update', join(charts, 'shop'));
    await ok('install', 'three', join(charts, 'shop'), '--set', 'back.enabled=false', ...wait);
    expect(await ok('test', 'three', '--timeout', '90s')).toMatch(/Phase: +Succeeded/);
    await ok('uninstall', 'three', ...wait);
  });
}
