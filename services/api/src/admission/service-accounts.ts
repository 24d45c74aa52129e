import { builtIn } from '@gantry/model/built-in.ts';
import type { Pod, ServiceAccount, Volume } from '@gantry/model/gen/gantry.core.v1.ts';
import { defaultServiceAccount } from '@gantry/model/kinds/serviceaccount/names.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Change, Store } from '@gantry/store/store.ts';
import { keyPrefix, objectKey } from '../core/keys.ts';
import { generateName } from '../core/metadata.ts';
import { type AnyObject, decodeEntry, type Stored } from '../core/stored-object.ts';
import type { HubChange } from '../watch/change.ts';
import type { ChangeObserver } from '../watch/observers.ts';

const accounts = builtIn.kindOf('', 'ServiceAccount')!;
/** Place of the api's credentials in a container, by which client libraries find them. */
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Seconds of the token in pods: an hour, and a few seconds by which Kubernetes tells its own from users' volumes. */
const tokenSeconds = 3_607;
const mirrorAnnotation = 'kubernetes.io/config.mirror';
/** The controller makes an account a moment after its namespace: Kubernetes, too, looks again ten times. */
const attempts = 10;
const pauseMs = 100;

/** The service accounts, kept up to date from the store's changes: each pod that is made is looked up here. */
export class ServiceAccounts implements ChangeObserver {
  readonly prefixes = [keyPrefix(accounts, '')];
  readonly #store: Pick<Store, 'get'>;
  readonly #known = new Map<string, AnyObject>();

  constructor(store: Pick<Store, 'get'>) {
    this.#store = store;
  }

  reset(): void {
    this.#known.clear();
  }

  onEntry(stored: Stored): void {
    this.#known.set(stored.key, stored.object);
  }

  onChange({ key }: Change, event: HubChange | undefined): void {
    if (!key.startsWith(this.prefixes[0]!)) return;
    const object = event?.object;
    if (object === undefined) this.#known.delete(key);
    else this.#known.set(key, object);
  }

  /** An account by its name. One that was made just now is looked for in the store. */
  async find(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    const key = objectKey(accounts, namespace, name);
    const known = this.#known.get(key);
    if (known !== undefined) return known as unknown as ServiceAccount;
    const entry = await this.#store.get(key);
    return entry && (decodeEntry(entry) as unknown as ServiceAccount);
  }
}

/** A new pod with the account that it runs as, and the account's token. Throws Forbidden where that account does not exist. */
export async function withServiceAccount(
  object: AnyObject,
  deps: { readonly accounts: ServiceAccounts; readonly clock: Pick<Clock, 'sleep'>; readonly random: () => number },
): Promise<AnyObject> {
  const pod = object as unknown as Pod;
  const { namespace = '', annotations = {} } = pod.metadata;
  // A mirror of a pod that the node runs by itself has no identity.
  if (annotations[mirrorAnnotation] !== undefined) return object;
  const name = pod.spec.serviceAccountName || defaultServiceAccount;
  let account = await deps.accounts.find(namespace, name);
  for (let attempt = 1; account === undefined && attempt < attempts; attempt++) {
    await deps.clock.sleep(pauseMs);
    account = await deps.accounts.find(namespace, name);
  }
  if (account === undefined) {
    throw forbidden(
      pod,
      `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
    );
  }
  return asAccount(pod, account, deps.random) as unknown as AnyObject;
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

function forbidden({ metadata }: Pod, problem: string): GantryError {
  const name = metadata.name || metadata.generateName || '';
  return new GantryError('Forbidden', `pods ${JSON.stringify(name)} is forbidden: ${problem}`, {
    resource: { group: '', resource: 'pods', name },
  });
}
