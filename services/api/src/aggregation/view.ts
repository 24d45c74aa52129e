import { kindOf } from '@gantry/model/built-in.ts';
import type { CustomResourceDefinition } from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import type { APIService } from '@gantry/model/gen/gantry.apiregistration.v1.ts';
import type { Change } from '@gantry/store/store.ts';
import type { CalloutTarget } from '../callout/target.ts';
import { keyPrefix } from '../core/keys.ts';
import type { AnyObject, Stored } from '../core/stored-object.ts';
import type { HubChange } from '../watch/change.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import { builtInPlace, customPlace, type VersionPlace } from './priorities.ts';

/** A version of a group that another server serves. */
export interface RemoteVersion {
  readonly service: APIService;
  readonly group: string;
  readonly version: string;
  readonly target: CalloutTarget;
  /** Requests are passed on. */
  readonly isAvailable: boolean;
}

/** A version of a group. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const [services, definitions] = [kindOf('APIService'), kindOf('CustomResourceDefinition')].map((kind) => {
  return keyPrefix(kind, '');
}) as [string, string];

/** Follows the API services in the store, and the versions that definitions serve. */
export class ApiServicesView implements ChangeObserver {
  readonly prefixes = [services, definitions];
  readonly #services = new Map<string, APIService>();
  readonly #custom = new Map<string, readonly GroupVersion[]>();
  /** By group and version, with a slash between. */
  readonly #remotes = new Map<string, RemoteVersion>();
  readonly #listeners = new Set<() => void>();
  #isLoaded = true;

  reset(): void {
    this.#isLoaded = false;
    this.#services.clear();
    this.#custom.clear();
    this.#remotes.clear();
  }

  loaded(): void {
    this.#isLoaded = true;
    this.#tell();
  }

  onEntry(stored: Stored): void {
    this.#put(stored.key, stored.object);
  }

  onChange({ key }: Change, event: HubChange | undefined): void {
    if (!key.startsWith(services) && !key.startsWith(definitions)) return;
    const object = event?.deleted === false ? event.object : undefined;
    if (object === undefined) this.#remove(key);
    else this.#put(key, object);
    this.#tell();
  }

  /** False while the state is loaded anew. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** All API services. */
  get services(): readonly APIService[] {
    return [...this.#services.values()];
  }

  /** Versions that definitions serve. */
  get custom(): readonly GroupVersion[] {
    return [...this.#custom.values()].flat();
  }

  /** Versions that others serve. */
  get remotes(): readonly RemoteVersion[] {
    return [...this.#remotes.values()];
  }

  /** A version that another server serves; undefined for one that it does not. */
  remote(group: string, version: string): RemoteVersion | undefined {
    return this.#remotes.size === 0 ? undefined : this.#remotes.get(`${group}/${version}`);
  }

  /** The place of a version in discovery: that of its API service, or else that which it has by itself. */
  placeOf(group: string, version: string, isBuiltIn: boolean): VersionPlace {
    const spec = this.#services.get(`${services}_/${version}.${group}`)?.spec;
    const own = isBuiltIn ? builtInPlace(group, version) : customPlace;
    const { groupPriorityMinimum = own.group, versionPriority = own.version } = spec ?? {};
    return { group: groupPriorityMinimum, version: versionPriority };
  }

  /** Calls a listener after each change, until the result is disposed of. */
  onUpdate(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #put(key: string, object: AnyObject): void {
    if (key.startsWith(definitions)) {
      const { spec } = object as unknown as CustomResourceDefinition;
      const served = (spec?.versions ?? []).filter((each) => each.served);
      this.#custom.set(
        key,
        served.map(({ name }) => ({ group: spec.group, version: name })),
      );
      return;
    }
    const service = object as unknown as APIService;
    this.#remove(key);
    this.#services.set(key, service);
    const remote = remoteOf(service);
    if (remote !== undefined) this.#remotes.set(`${remote.group}/${remote.version}`, remote);
  }

  #remove(key: string): void {
    this.#custom.delete(key);
    const known = this.#services.get(key);
    this.#services.delete(key);
    if (known?.spec !== undefined) this.#remotes.delete(`${known.spec.group}/${known.spec.version}`);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function remoteOf(service: APIService): RemoteVersion | undefined {
  const { service: reference, group = '', version = '', caBundle, insecureSkipTLSVerify } = service.spec ?? {};
  if (reference === undefined) return undefined;
  const { namespace = '', name = '', port } = reference;
  return {
    service,
    group,
    version,
    target: { service: { namespace, name, port }, caBundle, insecure: insecureSkipTLSVerify },
    isAvailable: availableOf(service)?.status === 'True',
  };
}

/** The condition that says whether requests are passed on. */
export function availableOf({ status }: APIService) {
  return status?.conditions?.find(({ type }) => type === 'Available');
}

/** The path below which a version is served. */
export function pathOf({ group, version }: GroupVersion): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}
