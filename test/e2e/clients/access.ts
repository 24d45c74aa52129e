import { expect, test } from 'vitest';
import { atLeast, type Kubectl } from './kubectl.ts';

/** Commands about rights. */
export function access(k: Kubectl): void {
  test('auth can-i answers for oneself and for others', async () => {
    await k.ok('create', 'serviceaccount', 'reader');
    await k.ok('create', 'role', 'reader', '--verb=get,list', '--resource=configmaps');
    await k.ok('create', 'rolebinding', 'reader', '--role=reader', `--serviceaccount=${k.namespace}:reader`);
    const as = `--as=system:serviceaccount:${k.namespace}:reader`;
    expect(await k.ok('auth', 'can-i', 'delete', 'nodes')).toBe('yes\n');
    expect(await k.ok('auth', 'can-i', 'list', 'configmaps', as)).toBe('yes\n');
    const { code, stdout } = await k.run(['auth', 'can-i', 'delete', 'configmaps', as]);
    expect([code, stdout]).toEqual([1, 'no\n']);
    expect(await k.ok('auth', 'can-i', '--list', as)).toMatch(/configmaps .*\[get list\]/);
    expect(await k.ok('get', 'cm', as, '-o', 'name')).toBeDefined();
    expect(await k.fails('get', 'secrets', as)).toBe(
      `Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:${k.namespace}:reader" cannot list resource "secrets" in API group "" in the namespace "${k.namespace}"\n`,
    );
    if (atLeast(k.version, '1.27')) expect(await k.ok('auth', 'whoami')).toContain('system:masters');
  });

  test('auth reconcile adds what a role lacks', async () => {
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'reader', namespace: k.namespace },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    };
    await k.ok('auth', 'reconcile', '-f', k.file('role.json', role));
    expect((await k.json('get', 'role', 'reader')).rules).toHaveLength(2);
  });

  if (atLeast(k.version, '1.24')) {
    test('a token of a service account names it, and gets what its roles give', async () => {
      const token = (await k.ok('create', 'token', 'reader', '--duration=10m')).trim();
      const withToken = [
        '--token',
        token,
        '--kubeconfig',
        k.file('none.yaml', kubeconfigWithoutUser(await k.ok('config', 'view', '--raw', '-o', 'json'))),
      ];
      expect(await k.ok('get', 'cm', ...withToken)).toBeDefined();
      expect(await k.fails('get', 'pods', ...withToken)).toContain(
        `User "system:serviceaccount:${k.namespace}:reader" cannot list`,
      );
      if (atLeast(k.version, '1.27'))
        expect(await k.ok('auth', 'whoami', ...withToken)).toContain(`system:serviceaccounts:${k.namespace}`);
    });
  }
}

/** The kubeconfig with nobody in it. */
function kubeconfigWithoutUser(text: string): object {
  const { users: _, ...config } = JSON.parse(text);
  return {
    ...config,
    users: config.contexts.map(({ context }: { context: { user: string } }) => ({ name: context.user, user: {} })),
  };
}
