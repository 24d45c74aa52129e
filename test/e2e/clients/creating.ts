import { expect, test } from 'vitest';
import { atLeast, type Kubectl, type Loose } from './kubectl.ts';
import { image } from './objects.ts';

/** A create subcommand, and a part of the object that it makes. */
interface Creation {
  readonly args: readonly string[];
  /** The object as `get` finds it. */
  readonly made: string;
  readonly like: Loose;
  readonly since?: string;
}

/** Every subcommand of create. */
export function creating(k: Kubectl): void {
  const creations: readonly Creation[] = [
    { args: ['configmap', 'made', '--from-literal=a=1'], made: 'cm/made', like: { data: { a: '1' } } },
    {
      args: ['secret', 'generic', 'made', '--from-literal=a=1'],
      made: 'secret/made',
      like: { type: 'Opaque', data: { a: 'MQ==' } },
    },
    {
      args: [
        'secret',
        'docker-registry',
        'pull',
        '--docker-username=u',
        '--docker-password=p',
        '--docker-server=r.example',
      ],
      made: 'secret/pull',
      like: { type: 'kubernetes.io/dockerconfigjson' },
    },
    { args: ['serviceaccount', 'robot'], made: 'sa/robot', like: { metadata: { name: 'robot' } } },
    {
      args: ['deployment', 'made', `--image=${image}`, '--replicas=0'],
      made: 'deploy/made',
      like: { spec: { replicas: 0 } },
    },
    { args: ['job', 'made', `--image=${image}`], made: 'job/made', like: { spec: { completions: 1, parallelism: 1 } } },
    {
      args: ['cronjob', 'made', `--image=${image}`, '--schedule=0 0 1 1 *'],
      made: 'cronjob/made',
      like: { spec: { schedule: '0 0 1 1 *', concurrencyPolicy: 'Allow' } },
    },
    {
      args: ['ingress', 'made', '--rule=example.com/path*=made:80'],
      made: 'ingress/made',
      like: { spec: { rules: [{ host: 'example.com', http: { paths: [{ path: '/path', pathType: 'Prefix' }] } }] } },
    },
    {
      args: ['service', 'clusterip', 'made', '--tcp=80:8080'],
      made: 'svc/made',
      like: { spec: { type: 'ClusterIP' } },
    },
    {
      args: ['service', 'nodeport', 'made-np', '--tcp=80:8080'],
      made: 'svc/made-np',
      like: { spec: { type: 'NodePort' } },
    },
    {
      args: ['service', 'loadbalancer', 'made-lb', '--tcp=81:8080'],
      made: 'svc/made-lb',
      like: { spec: { type: 'LoadBalancer' } },
    },
    {
      args: ['service', 'externalname', 'made-en', '--external-name=example.com'],
      made: 'svc/made-en',
      like: { spec: { externalName: 'example.com' } },
    },
    { args: ['quota', 'made', '--hard=pods=10'], made: 'quota/made', like: { spec: { hard: { pods: '10' } } } },
    {
      args: ['poddisruptionbudget', 'made', '--selector=app=made', '--min-available=1'],
      made: 'pdb/made',
      like: { spec: { minAvailable: 1 } },
    },
    {
      args: ['role', 'made', '--verb=get,list', '--resource=pods,deployments.apps'],
      made: 'role/made',
      like: { rules: [{ verbs: ['get', 'list'], resources: ['pods'] }, { apiGroups: ['apps'] }] },
    },
    {
      args: ['rolebinding', 'made', '--role=made', `--serviceaccount=${k.namespace}:robot`],
      made: 'rolebinding/made',
      like: { roleRef: { kind: 'Role', name: 'made' }, subjects: [{ kind: 'ServiceAccount', name: 'robot' }] },
    },
    { args: ['token', 'robot'], made: 'sa/robot', like: { kind: 'ServiceAccount' }, since: '1.24' },
  ];
  test.each(creations.filter(({ since = '1.0' }) => atLeast(k.version, since)))(
    'create $args',
    async ({ args, made, like }) => {
      await k.ok('create', ...args);
      expect(await k.json('get', made)).toMatchObject(like);
    },
  );

  test('create makes what is in no namespace', async () => {
    const name = `made-${k.namespace}`;
    await k.ok('create', 'namespace', name);
    await k.ok('create', 'priorityclass', name, '--value=7');
    await k.ok('create', 'clusterrole', name, '--verb=get', '--resource=nodes');
    await k.ok('create', 'clusterrolebinding', name, `--clusterrole=${name}`, '--user=someone');
    const all = ['clusterrolebinding', 'clusterrole', 'priorityclass', 'namespace'];
    for (const kind of all) await k.ok('delete', kind, name, '--timeout=60s');
  });

  test('create refuses what is there already, and tells the client what it would make', async () => {
    expect(await k.fails('create', 'configmap', 'made')).toContain('configmaps "made" already exists');
    expect(await k.ok('create', 'deployment', 'dry', `--image=${image}`, '--dry-run=client', '-o', 'yaml')).toContain(
      'kind: Deployment',
    );
    expect(await k.ok('create', 'deployment', 'dry', `--image=${image}`, '--dry-run=server', '-o', 'name')).toContain(
      'deployment.apps/dry',
    );
    expect(await k.ok('get', 'deployment', 'dry', '--ignore-not-found')).toBe('');
  });
}
