import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';

// Everybody is acted as by the administrator: what counts is what the api lets that user do.

let running: TestApi;
let base: string;
beforeAll(async () => {
  running = await startTestApi({ rest: '127.0.0.1:0', trustNetwork: false });
  base = `http://127.0.0.1:${running.api.restPort}`;
});
afterAll(() => running?.[Symbol.asyncDispose]());

interface As {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly token?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

async function ask(as: As, method: string, path: string, body?: object, type = 'application/json') {
  const { user, groups = [], token = 'the-token-of-the-tests', headers = [] } = as;
  const sent = new Headers({ 'content-type': type });
  if (token !== '') sent.set('authorization', `Bearer ${token}`);
  if (user !== undefined) sent.set('impersonate-user', user);
  for (const group of groups) sent.append('impersonate-group', group);
  for (const [name, value] of headers) sent.append(name, value);
  const response = await fetch(base + path, {
    method,
    headers: sent,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as clients do
  return { code: response.status, body: (isJson ? JSON.parse(text) : text) as any };
}

const admin: As = {};
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const local = (plural: string) => `${rbac}/namespaces/default/${plural}`;

async function must(method: string, path: string, body: object): Promise<void> {
  const { code, body: answer } = await ask(admin, method, path, body);
  if (code >= 300) throw new Error(JSON.stringify(answer));
}

/** Gives a user a cluster role in the namespace default, and waits until that counts. */
async function bind(user: string, role: string): Promise<void> {
  const roleRef = { kind: 'ClusterRole', name: role };
  await must('POST', local('rolebindings'), {
    metadata: { name: `${user}-${role}`.replaceAll(':', '-') },
    roleRef,
    subjects: [{ kind: 'User', name: user }],
  });
  const spec = { user, resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } };
  await expect
    .poll(
      async () =>
        (await ask(admin, 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec })).body.status.allowed,
    )
    .toBe(true);
}

describe('a client without a proof', () => {
  const nobody: As = { token: '' };

  test.each(['/healthz', '/livez', '/readyz', '/version', '/version/'])('reads %s', async (path) => {
    expect(await ask(nobody, 'GET', path)).toMatchObject({ code: 200 });
  });

  test.each([
    '/',
    '/metrics',
    '/api',
    '/apis',
    '/openapi/v3',
    '/openapi/v2',
    '/logs',
    '/api/v1/pods',
    '/api/v1/namespaces/default/secrets/x',
    '/apis/apps/v1/deployments',
    '/apis/no.such.group/v1/things',
  ])('learns nothing of %s', async (path) => {
    const answer = await ask(nobody, 'GET', path);
    expect(answer).toMatchObject({ code: 403, body: { reason: 'Forbidden' } });
    expect(answer.body.message).toContain('User "system:anonymous" cannot');
  });

  test('is refused with a wrong token', async () => {
    expect(await ask({ token: 'guessed' }, 'GET', '/version')).toMatchObject({ code: 401 });
    expect(await ask({ token: 'guessed' }, 'GET', '/api/v1/pods')).toMatchObject({ code: 401 });
  });
});

describe('impersonation', () => {
  const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const whoami = async (as: As) => (await ask(as, 'POST', reviews, {})).body;

  test('takes the user, groups, uid and extra facts from the headers', async () => {
    const headers = [
      ['impersonate-uid', 'u1'],
      ['impersonate-extra-example.com%2fscopes', 'a'],
      ['impersonate-extra-example.com%2fscopes', 'b'],
    ] as const;
    expect((await whoami({ user: 'ann', groups: ['devs'], headers })).status.userInfo).toMatchObject({
      username: 'ann',
      uid: 'u1',
      groups: ['devs', 'system:authenticated'],
    });
    expect((await whoami({ user: 'system:serviceaccount:a:b' })).status.userInfo.groups).toEqual([
      'system:serviceaccounts',
      'system:serviceaccounts:a',
      'system:authenticated',
    ]);
  });

  test('needs a user', async () => {
    expect(await whoami({ groups: ['system:masters'] })).toMatchObject({ code: 400, reason: 'BadRequest' });
    expect(await whoami({ headers: [['impersonate-extra-a', 'b']] })).toMatchObject({ code: 400 });
  });

  test('is refused without a role that allows it', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await must('POST', accounts, { metadata: { name: 'robot' } });
    const { body } = await ask(admin, 'POST', `${accounts}/robot/token`, {});
    const robot: As = { token: body.status.token };
    expect((await whoami(robot)).status.userInfo.username).toBe('system:serviceaccount:default:robot');
    expect(await whoami({ ...robot, user: 'ann' })).toMatchObject({
      code: 403,
      message:
        'users "ann" is forbidden: User "system:serviceaccount:default:robot" cannot impersonate resource "users" in API group "" at the cluster scope',
    });
    await must('POST', `${rbac}/clusterroles`, {
      metadata: { name: 'as-ann' },
      rules: [{ verbs: ['impersonate'], apiGroups: [''], resources: ['users'], resourceNames: ['ann'] }],
    });
    await must('POST', `${rbac}/clusterrolebindings`, {
      metadata: { name: 'as-ann' },
      roleRef: { kind: 'ClusterRole', name: 'as-ann' },
      subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
    });
    await expect.poll(async () => (await whoami({ ...robot, user: 'ann' })).status?.userInfo?.username).toBe('ann');
    expect(await whoami({ ...robot, user: 'bob' })).toMatchObject({ code: 403 });
    expect(await whoami({ ...robot, user: 'ann', groups: ['system:masters'] })).toMatchObject({ code: 403 });
  });
});

describe('escalation', () => {
  const rules = (verb: string, resource: string) => [{ verbs: [verb], apiGroups: [''], resources: [resource] }];
  const role = (name: string, given: object[]) => ({ metadata: { name }, rules: given });

  test('a role grants what its author has, and nothing else', async () => {
    await bind('carl', 'admin');
    const carl: As = { user: 'carl' };
    expect(await ask(carl, 'POST', local('roles'), role('fine', rules('get', 'pods')))).toMatchObject({ code: 201 });
    const refused = await ask(carl, 'POST', local('roles'), role('more', rules('get', 'nodes')));
    expect(refused).toMatchObject({ code: 403, body: { reason: 'Forbidden' } });
    expect(refused.body.message).toBe(
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "carl" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}',
    );
    const patch = await ask(
      carl,
      'PATCH',
      `${local('roles')}/fine`,
      { rules: rules('*', '*') },
      'application/merge-patch+json',
    );
    expect(patch).toMatchObject({ code: 403 });
    const label = { metadata: { labels: { a: 'b' } } };
    expect(await ask(carl, 'PATCH', `${local('roles')}/fine`, label, 'application/merge-patch+json')).toMatchObject({
      code: 200,
    });
  });

  test('a binding gives a role that its author has, and no other', async () => {
    await bind('cora', 'admin');
    const binding = (name: string, roleName: string) => ({
      metadata: { name },
      roleRef: { kind: 'ClusterRole', name: roleName },
      subjects: [{ kind: 'User', name: 'dora' }],
    });
    const cora: As = { user: 'cora' };
    expect(await ask(cora, 'POST', local('rolebindings'), binding('view', 'view'))).toMatchObject({ code: 201 });
    expect(await ask(cora, 'POST', local('rolebindings'), binding('all', 'cluster-admin'))).toMatchObject({
      code: 403,
    });
    expect(await ask(cora, 'POST', local('rolebindings'), binding('none', 'no-such-role'))).toMatchObject({
      code: 404,
    });
    const cluster = await ask(cora, 'POST', `${rbac}/clusterrolebindings`, binding('all', 'view'));
    expect(cluster).toMatchObject({ code: 403 });
  });

  test('whoever may escalate or bind may do it all the same', async () => {
    await must('POST', local('roles'), {
      metadata: { name: 'escalator' },
      rules: [
        { verbs: ['create', 'escalate'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'] },
        { verbs: ['create'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings'] },
        {
          verbs: ['bind'],
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['clusterroles'],
          resourceNames: ['edit'],
        },
        ...rules('get', 'pods'),
      ],
    });
    await must('POST', local('rolebindings'), {
      metadata: { name: 'escalator' },
      roleRef: { kind: 'Role', name: 'escalator' },
      subjects: [{ kind: 'User', name: 'emil' }],
    });
    const emil: As = { user: 'emil' };
    await expect
      .poll(async () => (await ask(emil, 'POST', local('roles'), role('nodes', rules('get', 'nodes')))).code)
      .toBe(201);
    const binding = (name: string) => ({ metadata: { name: `emil-${name}` }, roleRef: { kind: 'ClusterRole', name } });
    expect(await ask(emil, 'POST', local('rolebindings'), binding('edit'))).toMatchObject({ code: 201 });
    expect(await ask(emil, 'POST', local('rolebindings'), binding('admin'))).toMatchObject({ code: 403 });
  });
});

describe('a node', () => {
  const n1: As = { user: 'system:node:n1', groups: ['system:nodes'] };
  const pods = '/api/v1/namespaces/default/pods';
  const secret = (name: string) => `/api/v1/namespaces/default/secrets/${name}`;

  test('has what its pods refer to', async () => {
    for (const name of ['used', 'other']) {
      await must('POST', '/api/v1/namespaces/default/secrets', { metadata: { name } });
    }
    const pod = (name: string, nodeName: string, secretName: string) => {
      const made = podNamed(name);
      const volumes = [{ name: 's', secret: { secretName } }];
      return { ...made, spec: { ...made.spec, nodeName, volumes } };
    };
    await must('POST', pods, pod('mine', 'n1', 'used'));
    await must('POST', pods, pod('theirs', 'n2', 'other'));
    await expect.poll(async () => (await ask(n1, 'GET', secret('used'))).code).toBe(200);
  });

  test('reads the secrets of its own pods alone', async () => {
    const refused = await ask(n1, 'GET', secret('other'));
    expect(refused).toMatchObject({ code: 403 });
    expect(refused.body.message).toContain("node: no relationship found between node 'n1' and this object");
    expect(await ask(n1, 'GET', '/api/v1/secrets')).toMatchObject({ code: 403 });
    const named = '/api/v1/namespaces/default/secrets?fieldSelector=metadata.name%3D';
    expect(await ask(n1, 'GET', `${named}used`)).toMatchObject({ code: 200 });
    expect(await ask(n1, 'GET', `${named}other`)).toMatchObject({ code: 403 });
  });

  test('reads its own pods and nodes alone', async () => {
    const onNode = (node: string) => `/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`;
    expect((await ask(n1, 'GET', onNode('n1'))).body.items).toHaveLength(1);
    expect(await ask(n1, 'GET', onNode('n2'))).toMatchObject({ code: 403 });
    expect(await ask(n1, 'GET', '/api/v1/pods')).toMatchObject({ code: 403 });
    expect(await ask(n1, 'GET', `${pods}/mine`)).toMatchObject({ code: 200 });
    expect(await ask(n1, 'GET', `${pods}/theirs`)).toMatchObject({ code: 403 });
    expect(await ask(n1, 'GET', '/api/v1/nodes')).toMatchObject({ code: 403 });
    expect(await ask(n1, 'GET', '/api/v1/nodes/n1')).toMatchObject({ code: 404 });
  });

  test('writes the status of its own pods, and deletes no others', async () => {
    const merge = 'application/merge-patch+json';
    const status = { status: { phase: 'Running' } };
    expect(await ask(n1, 'PATCH', `${pods}/mine/status`, status, merge)).toMatchObject({ code: 200 });
    const refused = await ask(n1, 'PATCH', `${pods}/theirs/status`, status, merge);
    expect(refused).toMatchObject({
      code: 403,
      body: {
        message:
          'pods "theirs" is forbidden: node "n1" can only update pod status for pods with spec.nodeName set to itself',
      },
    });
    expect(await ask(n1, 'PATCH', `${pods}/mine`, { metadata: { labels: { a: 'b' } } }, merge)).toMatchObject({
      code: 403,
    });
    expect(await ask(n1, 'DELETE', `${pods}/theirs`)).toMatchObject({ code: 403 });
    expect(await ask(n1, 'POST', pods, podNamed('new'))).toMatchObject({ code: 403 });
  });

  test('registers itself, without labels and taints that others decide on', async () => {
    const node = (name: string, labels: object = {}) => ({ metadata: { name, labels } });
    expect(await ask(n1, 'POST', '/api/v1/nodes', node('n2'))).toMatchObject({
      code: 403,
      body: { message: 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"' },
    });
    const restricted = { 'node-restriction.kubernetes.io/x': 'y', 'kubernetes.io/x': 'y', 'example.com/x': 'y' };
    expect((await ask(n1, 'POST', '/api/v1/nodes', node('n1', restricted))).body.message).toBe(
      'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels: kubernetes.io/x, node-restriction.kubernetes.io/x',
    );
    const own = { 'kubernetes.io/hostname': 'n1', 'example.com/x': 'y', 'node.kubernetes.io/x': 'y' };
    expect(await ask(n1, 'POST', '/api/v1/nodes', node('n1', own))).toMatchObject({ code: 201 });
    const merge = 'application/merge-patch+json';
    const change = (body: object) => ask(n1, 'PATCH', '/api/v1/nodes/n1', body, merge);
    expect(await change({ spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } })).toMatchObject({ code: 403 });
    expect(await change({ metadata: { labels: { 'kubernetes.io/x': 'y' } } })).toMatchObject({ code: 403 });
    expect(await change({ metadata: { labels: { 'example.com/x': 'z' } } })).toMatchObject({ code: 200 });
  });

  test('cannot make itself a member of anything', async () => {
    const binding = { metadata: { name: 'n1' }, roleRef: { kind: 'ClusterRole', name: 'cluster-admin' } };
    expect(await ask(n1, 'POST', `${rbac}/clusterrolebindings`, binding)).toMatchObject({ code: 403 });
  });
});

test('whoever may edit may resize pods and forget advice; whoever may view may read it alone', async () => {
  await bind('erik', 'edit');
  await bind('vera', 'view');
  await must('POST', '/api/v1/namespaces/default/pods', podNamed('resized'));
  const path = '/api/v1/namespaces/default/pods/resized/resize';
  const body = { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '150m' } } }] } };
  const resize = (user: string) => ask({ user }, 'PATCH', path, body, 'application/strategic-merge-patch+json');
  expect(await resize('erik')).toMatchObject({ code: 200 });
  expect(await resize('vera')).toMatchObject({ code: 403 });
  const advice = '/apis/gantry.dev/v1/namespaces/default/resourceadvices';
  expect(await ask({ user: 'vera' }, 'GET', advice)).toMatchObject({ code: 200 });
  const workload = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  await must('POST', advice, { metadata: { name: 'deployment.web' }, workload });
  expect(await ask({ user: 'vera' }, 'DELETE', `${advice}/deployment.web`)).toMatchObject({ code: 403 });
  expect(await ask({ user: 'erik' }, 'PUT', `${advice}/deployment.web`, { workload })).toMatchObject({ code: 403 });
  expect(await ask({ user: 'erik' }, 'DELETE', `${advice}/deployment.web`)).toMatchObject({ code: 200 });
});
