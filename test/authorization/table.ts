/** The questions of the table test: who is asked about, and what. The answers are a real kube-apiserver's. */

/** A cluster role under test: a user `holder of ROLE` has it in the whole cluster, `local holder of ROLE` in the namespace `own`. */
export const roles = [
  'cluster-admin',
  'admin',
  'edit',
  'view',
  'system:auth-delegator',
  'system:basic-user',
  'system:discovery',
  'system:kube-controller-manager',
  'system:kube-dns',
  'system:kube-scheduler',
  'system:monitoring',
  'system:node',
  'system:node-bootstrapper',
  'system:node-proxier',
  'system:public-info-viewer',
  'system:volume-scheduler',
  'system:persistent-volume-provisioner',
  'system:controller:deployment-controller',
  'system:controller:generic-garbage-collector',
  'system:controller:horizontal-pod-autoscaler',
  'system:controller:namespace-controller',
  'system:controller:clusterrole-aggregation-controller',
] as const;

/** A user, and the groups that it belongs to. */
export interface Asker {
  readonly name: string;
  readonly groups: readonly string[];
}

/** The namespace in which local holders have their roles. */
export const ownNamespace = 'own';

/** Everybody who is asked about. */
export const askers: readonly Asker[] = [
  ...roles.map((role) => ({ name: `holder of ${role}`, groups: [] })),
  ...['admin', 'edit', 'view', 'cluster-admin'].map((role) => ({ name: `local holder of ${role}`, groups: [] })),
  { name: 'system:anonymous', groups: ['system:unauthenticated'] },
  { name: 'somebody', groups: ['system:authenticated'] },
  { name: 'root', groups: ['system:masters'] },
  { name: 'system:serviceaccount:kube-system:deployment-controller', groups: ['system:serviceaccounts'] },
  { name: 'system:serviceaccount:kube-system:kube-dns', groups: [] },
  { name: 'system:serviceaccount:other:kube-dns', groups: [] },
];

/** The bindings that the askers have, beside the default ones. */
export function bindingsOfAskers(): object[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return askers.flatMap(({ name }) => {
    const [, isLocal, role] = /^(local )?holder of (.*)$/.exec(name) ?? [];
    if (role === undefined) return [];
    const metadata = { name: `table:${name.replaceAll(' ', '-')}` };
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
    const rest = { roleRef, subjects: [{ kind: 'User', name }] };
    return isLocal
      ? [{ apiVersion, kind: 'RoleBinding', metadata: { ...metadata, namespace: ownNamespace }, ...rest }]
      : [{ apiVersion, kind: 'ClusterRoleBinding', metadata, ...rest }];
  });
}

/** The actions that are asked about, for everybody: `VERB RESOURCE[.GROUP][/SUBRESOURCE] [NAMESPACE] [NAME]`, with `-` for no namespace, or `VERB /PATH`. */
export const questions: readonly string[] = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'].flatMap((verb) => [
    `${verb} pods own`,
    `${verb} pods other`,
    `${verb} secrets own`,
    `${verb} deployments.apps own`,
    `${verb} roles.rbac.authorization.k8s.io own`,
    `${verb} clusterroles.rbac.authorization.k8s.io -`,
    `${verb} nodes -`,
    `${verb} namespaces -`,
    `${verb} leases.coordination.k8s.io kube-system`,
    `${verb} events own`,
  ]),
  'list pods -',
  'list secrets -',
  'watch endpointslices.discovery.k8s.io -',
  'create pods/exec own',
  'get pods/exec own',
  'create pods/attach own',
  'create pods/portforward own',
  'get pods/log own',
  'get pods/log other',
  'create pods/eviction own',
  'create pods/binding own',
  'create bindings own',
  'update pods/status own',
  'patch pods/status own',
  'patch pods/ephemeralcontainers own',
  'get deployments.apps/scale own',
  'update deployments.apps/scale own',
  'update replicasets.apps/scale own',
  'update statefulsets.apps/scale own',
  'update widgets.example.com/scale own',
  'patch nodes/status -',
  'get nodes/metrics -',
  'get nodes/proxy -',
  'create serviceaccounts/token own',
  'impersonate serviceaccounts own',
  'impersonate users -',
  'escalate clusterroles.rbac.authorization.k8s.io -',
  'bind clusterroles.rbac.authorization.k8s.io - view',
  'get configmaps kube-system extension-apiserver-authentication',
  'get leases.coordination.k8s.io kube-system kube-scheduler',
  'update leases.coordination.k8s.io kube-system kube-scheduler',
  'update leases.coordination.k8s.io kube-system kube-controller-manager',
  'update leases.coordination.k8s.io kube-system other',
  'create selfsubjectaccessreviews.authorization.k8s.io -',
  'create subjectaccessreviews.authorization.k8s.io -',
  'create localsubjectaccessreviews.authorization.k8s.io own',
  'create tokenreviews.authentication.k8s.io -',
  'create certificatesigningrequests.certificates.k8s.io -',
  'approve signers.certificates.k8s.io - kubernetes.io/kube-apiserver-client',
  'update namespaces/finalize -',
  'get widgets.example.com own',
  '* pods own',
  'get * own',
  ...[
    '/healthz',
    '/livez/ping',
    '/readyz',
    '/version',
    '/version/',
    '/metrics',
    '/api',
    '/api/v1',
    '/apis',
    '/openapi/v3',
  ].map((path) => `get ${path}`),
  'post /version',
  'get /logs/x',
];

/** The spec of a review that asks a question about somebody. */
export function specOf(question: string, { name: user, groups }: Asker): object {
  const [verb = '', what = '', namespace = '-', name] = question.split(' ');
  if (what.startsWith('/')) return { user, groups, nonResourceAttributes: { verb, path: what } };
  const [type = '', subresource] = what.split('/');
  const dot = type.indexOf('.');
  const [resource, group] = dot < 0 ? [type, ''] : [type.slice(0, dot), type.slice(dot + 1)];
  const resourceAttributes = {
    verb,
    resource,
    group,
    ...(namespace === '-' ? {} : { namespace }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
  };
  return { user, groups, resourceAttributes };
}
