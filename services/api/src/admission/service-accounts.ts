import { builtIn } from '@gantry/model/built-in.ts';
import type { Pod, ServiceAccount, Volume } from '@gantry/model/gen/gantry.core.v1.ts';
import { mirrorAnnotation } from '@gantry/model/kinds/pod/mirror.ts';
import { defaultServiceAccount } from '@gantry/model/kinds/serviceaccount/names.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { generateName } from '../core/metadata.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { AdmissionAttempt, AdmissionStep } from './chain.ts';
import type { KindView } from './kind-view.ts';
import { foreignSecret, mirrorProblem } from './mountable-secrets.ts';
import { forbidden } from './refusal.ts';

const podKind = builtIn.kindOf('', 'Pod')!;
/** Place of the api's credentials in a container, by which client libraries find them. */
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Seconds of the token in pods: an hour, and a few seconds by which Kubernetes tells its own from users' volumes. */
const tokenSeconds = 3_607;
/** The controller makes an account a moment after its namespace: Kubernetes, too, looks again ten times. */
const attempts = 10;
const pauseMs = 100;

interface Deps {
  /** All service accounts. */
  readonly accounts: Pick<KindView, 'find'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: () => number;
}

/** ServiceAccount: gives new pods the account that they run as, and its token; refuses Secrets that an account keeps to itself. */
export function serviceAccountStep(deps: Deps): AdmissionStep {
  return {
    name: 'ServiceAccount',
    handles: ({ kind, operation, request: { subresource } }) => {
      if (kind !== podKind) return false;
      return operation === 'CREATE'
        ? subresource === ''
        : operation === 'UPDATE' && subresource === 'ephemeralcontainers';
    },
    mutate: async (attempt) => {
      const pod = attempt.object as unknown as Pod;
      // A mirror of a pod that the node runs by itself has no identity.
      if (attempt.operation !== 'CREATE' || isMirror(pod)) return;
      const account = await accountOf(deps, attempt, pod);
      attempt.object = asAccount(pod, account, deps.random) as unknown as AnyObject;
    },
    validate: async (attempt) => {
      const pod = attempt.object as unknown as Pod;
      const problem = isMirror(pod)
        ? mirrorProblem(pod)
        : foreignSecret(pod, await accountOf(deps, attempt, pod), attempt.operation);
      if (problem !== undefined) throw forbidden(attempt, problem);
    },
  };
}

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[mirrorAnnotation] !== undefined;
}

/** The account that a pod names; throws Forbidden where it does not exist. */
async function accountOf(deps: Deps, attempt: AdmissionAttempt, pod: Pod): Promise<ServiceAccount> {
  const { namespace } = attempt;
  const name = pod.spec.serviceAccountName || defaultServiceAccount;
  const tries = name === defaultServiceAccount ? attempts : 1;
  for (let tried = 1; ; tried++) {
    const account = await deps.accounts.find(namespace, name);
    if (account !== undefined) return account as unknown as ServiceAccount;
    if (tried >= tries) break;
    await deps.clock.sleep(pauseMs, attempt.request.signal);
  }
  const problem = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
  throw forbidden(attempt, problem);
}

/** The pod as its account's: with its pull secrets where it has none, and its token where that is wanted. */
export function asAccount(pod: Pod, account: ServiceAccount, random: () => number): Pod {
  const { name } = account.metadata;
  const spec = { ...pod.spec, serviceAccountName: name, serviceAccount: name };
  const pullSecrets = account.imagePullSecrets ?? [];
  if ((spec.imagePullSecrets ?? []).length === 0 && pullSecrets.length > 0) {
    spec.imagePullSecrets = structuredClone(pullSecrets);
  }
  const wantsToken = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  return { ...pod, spec: wantsToken ? withToken(spec, random) : spec };
}

type Spec = Pod['spec'];

/** Mounts the token in each container that has nothing in its place. */
function withToken(spec: Spec, random: () => number): Spec {
  const volumes = spec.volumes ?? [];
  const known = volumes.find(({ name }) => name.startsWith(volumePrefix));
  const volume = known?.name ?? generateName(volumePrefix, random);
  const mounted = <C extends Spec['containers'][number]>(container: C): C => {
    const mounts = container.volumeMounts ?? [];
    if (mounts.some((mount) => mount.mountPath === mountPath)) return container;
    return { ...container, volumeMounts: [...mounts, { name: volume, readOnly: true, mountPath }] };
  };
  const containers = spec.containers.map(mounted);
  const initContainers = spec.initContainers?.map(mounted);
  const isMounted = [...containers, ...(initContainers ?? [])].some((container) =>
    container.volumeMounts?.some(({ name }) => name === volume),
  );
  return {
    ...spec,
    containers,
    ...(initContainers && { initContainers }),
    ...(isMounted && known === undefined && { volumes: [...volumes, tokenVolume(volume)] }),
  };
}

const volumePrefix = 'kube-api-access-';

/** The token, the authority by which the api is believed, and the pod's namespace. */
function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}
