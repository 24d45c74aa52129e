/** A binding of the defaults to a role. */
export interface BindingText {
  /** Empty for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly name: string;
  readonly role: string;
  /** Each `User NAME`, `Group NAME` or `ServiceAccount NAMESPACE/NAME`. */
  readonly subjects: readonly string[];
}

/** A binding of a cluster role that has its name. */
function cluster(name: string, ...subjects: string[]): BindingText {
  return { namespace: '', name, role: name, subjects };
}

/** A binding of a role in its namespace that has its name, unless another is given. */
function within(namespace: string, name: string, subjects: string[], role = name): BindingText {
  return { namespace, name, role, subjects };
}

const scheduler = 'User system:kube-scheduler';
const controllers = 'User system:kube-controller-manager';

/** Kubernetes' default bindings but for those of its single controllers, and those of Gantry's own parts. */
export const bindings: readonly BindingText[] = [
  cluster('cluster-admin', 'Group system:masters'),
  cluster('system:basic-user', 'Group system:authenticated'),
  cluster('system:cluster-trust-bundle-discovery', 'Group system:serviceaccounts'),
  cluster('system:discovery', 'Group system:authenticated'),
  cluster('system:kube-controller-manager', controllers),
  cluster('system:kube-dns', 'ServiceAccount kube-system/kube-dns'),
  cluster('system:kube-scheduler', scheduler),
  cluster('system:monitoring', 'Group system:monitoring'),
  // Nodes are authorized by the node authorizer: a binding would give each of them the objects of all.
  cluster('system:node'),
  cluster('system:node-proxier', 'User system:kube-proxy'),
  cluster('system:public-info-viewer', 'Group system:authenticated', 'Group system:unauthenticated'),
  cluster('system:service-account-issuer-discovery', 'Group system:serviceaccounts'),
  cluster('system:volume-scheduler', scheduler),
  cluster('system:gantry:scheduler', scheduler),
  cluster('system:gantry:controllers', controllers),
  cluster('system:gantry:xds-lb', 'User system:gantry:xds-lb'),
  within('kube-public', 'system:controller:bootstrap-signer', ['ServiceAccount kube-system/bootstrap-signer']),
  within(
    'kube-system',
    'system::extension-apiserver-authentication-reader',
    [controllers, scheduler],
    'extension-apiserver-authentication-reader',
  ),
  within('kube-system', 'system::leader-locking-kube-controller-manager', [
    controllers,
    'ServiceAccount kube-system/kube-controller-manager',
    'ServiceAccount kube-system/leader-election-controller',
  ]),
  within('kube-system', 'system::leader-locking-kube-scheduler', [
    scheduler,
    'ServiceAccount kube-system/kube-scheduler',
  ]),
  within('kube-system', 'system:controller:bootstrap-signer', ['ServiceAccount kube-system/bootstrap-signer']),
  within('kube-system', 'system:controller:cloud-provider', ['ServiceAccount kube-system/cloud-provider']),
  within('kube-system', 'system:controller:token-cleaner', ['ServiceAccount kube-system/token-cleaner']),
];

/** The binding of a single controller's role to the service account of its name. */
export function controllerBinding(role: string): BindingText {
  return cluster(role, `ServiceAccount kube-system/${role.slice('system:controller:'.length)}`);
}
