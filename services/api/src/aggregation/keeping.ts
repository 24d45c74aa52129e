import { builtIn, kindOf } from '@gantry/model/built-in.ts';
import type { APIService } from '@gantry/model/gen/gantry.apiregistration.v1.ts';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { localCondition } from '@gantry/model/kinds/apiservice/apiservice.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Change } from '@gantry/store/store.ts';
import { wordsOf } from '../callout/failure.ts';
import type { ResourceApi } from '../core/api.ts';
import { type CoreDeps, ownContext } from '../core/context.ts';
import { keyPrefix, parseKey } from '../core/keys.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { readStored } from '../core/writer.ts';
import { slicesOf } from '../pods/targets.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import { aggregator, manager } from './aggregator.ts';
import { type AskDeps, askRemote } from './ask.ts';
import { type Availability, answerOf, serviceProblem, withAvailability } from './availability.ts';
import { planRegistration, type RegistrationPlan } from './registration.ts';
import { type ApiServicesView, pathOf, type RemoteVersion } from './view.ts';

const resource = resourceOf(kindOf('APIService'));
const services = builtIn.kindOf('', 'Service')!;
const concerned = [services, kindOf('EndpointSlice')].map((kind) => keyPrefix(kind, ''));
/** Milliseconds between looks at servers, and between the first looks at one that does not answer. */
const lookEveryMs = 30_000;
const firstRetryMs = 500;
/** Least milliseconds between two looks. */
const restMs = 100;
/** Attempts of one look: a service may have endpoints that do not answer. */
const attempts = 3;

export interface KeepingDeps extends AskDeps {
  readonly api: Pick<ResourceApi, 'create' | 'update' | 'delete'>;
  readonly core: Pick<CoreDeps, 'store' | 'cache'>;
  readonly view: ApiServicesView;
  readonly log: Logger;
}

/** Tells of changes of services and their endpoints in the namespaces of API services. */
export class ServiceBell implements ChangeObserver {
  readonly prefixes: readonly string[] = [];
  readonly #view: ApiServicesView;
  ring: () => void = () => undefined;

  constructor(view: ApiServicesView) {
    this.#view = view;
  }

  reset(): void {}

  onEntry(): void {}

  onChange({ key }: Change): void {
    const { remotes } = this.#view;
    if (remotes.length === 0 || !concerned.some((prefix) => key.startsWith(prefix))) return;
    const namespace = parseKey(key)?.namespace;
    if (remotes.some(({ target }) => target.service?.namespace === namespace)) this.ring();
  }
}

/** Makes the API services of the versions that the api itself serves. @param isStart Those of built-in kinds, too. */
export async function registerVersions(
  { api, view }: Pick<KeepingDeps, 'api' | 'view'>,
  isStart: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (!view.isLoaded) return;
  const versions = [...builtIn.forms, ...virtualKinds.forms].map(({ group, version }) => ({ group, version }));
  const { create, update, remove }: RegistrationPlan = planRegistration({
    stored: view.services,
    builtIn: versions,
    custom: view.custom,
    isStart,
  });
  const context = ownContext(aggregator, signal, manager);
  const write = async (one: Promise<unknown>): Promise<void> => {
    await one.catch((error: unknown) => {
      // Somebody else did it, or changed it meanwhile: there is another look.
      if (!isError(error, 'AlreadyExists', 'Conflict', 'NotFound')) throw error;
    });
  };
  for (const service of create) await write(api.create(context, copyOf(service), false));
  for (const service of update) await write(api.update(context, copyOf(service), false));
  for (const { metadata } of remove) {
    const { name = '', uid } = metadata;
    await write(api.delete(context, { resource, namespace: '', name }, uid === undefined ? {} : { uid }, false));
  }
}

/** Keeps API services and their conditions as they should be, until the signal fires. Run by one leader. */
export async function keepApiServices(deps: KeepingDeps, bell: ServiceBell, signal: AbortSignal): Promise<void> {
  const { view, clock, log } = deps;
  let failures = 0;
  while (!signal.aborted) {
    const changed = new AbortController();
    using _listener = view.onUpdate(() => changed.abort());
    bell.ring = () => changed.abort();
    try {
      await registerVersions(deps, false, signal);
      failures = (await checkAll(deps, signal)) ? 0 : failures + 1;
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, 'API services could not be looked after');
      failures++;
    }
    const waitMs = failures === 0 ? lookEveryMs : Math.min(lookEveryMs, firstRetryMs * 2 ** Math.min(failures, 10));
    await clock.sleep(restMs, signal).catch(() => undefined);
    const either = AbortSignal.any([signal, changed.signal]);
    if (!either.aborted) await clock.sleep(waitMs, either).catch(() => undefined);
  }
}

/** Looks at all servers. True where each answers. */
async function checkAll(deps: KeepingDeps, signal: AbortSignal): Promise<boolean> {
  const { view, api, clock } = deps;
  const remotes = new Map(view.remotes.map((remote) => [remote.service, remote]));
  const looks = await Promise.all(
    view.services.map(async (service) => {
      const remote = remotes.get(service);
      return { service, availability: remote === undefined ? localCondition : await look(deps, remote, signal) };
    }),
  );
  const context = ownContext(aggregator, signal, manager);
  for (const { service, availability } of looks) {
    const changed = withAvailability(service, availability, rfc3339(clock.now()));
    if (changed === undefined) continue;
    await api.update(context, copyOf(changed), false, 'status').catch((error: unknown) => {
      if (!isError(error, 'NotFound', 'Conflict')) throw error;
    });
  }
  return looks.every(({ availability }) => availability.status === 'True');
}

async function look(deps: KeepingDeps, remote: RemoteVersion, signal: AbortSignal): Promise<Availability> {
  const { namespace, name } = remote.target.service!;
  const read = await readStored(deps.core as CoreDeps, { kind: services, namespace, name }).catch((error: unknown) => {
    if (isError(error, 'NotFound')) return undefined;
    throw error;
  });
  const service = read?.object as unknown as Service | undefined;
  const slices = service === undefined ? [] : await slicesOf(deps.core, namespace, name);
  const problem = serviceProblem(remote.service, service, slices);
  if (problem !== undefined) return problem;
  let failure: string | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    failure = await failureOf(deps, remote, signal);
    if (failure === undefined) break;
  }
  return answerOf(failure);
}

/** Problem of a server's answer to a question for its discovery; undefined where there is none. */
async function failureOf(deps: KeepingDeps, remote: RemoteVersion, signal: AbortSignal): Promise<string | undefined> {
  const { namespace, name, port = 443 } = remote.target.service!;
  const path = pathOf(remote);
  const url = `https://${name}.${namespace}.svc:${port}${path}`;
  const start = `failing or missing response from ${url}`;
  try {
    const { status } = await askRemote(deps, remote.target, path, 'application/json', signal);
    return status >= 200 && status < 300 ? undefined : `${start}: bad status from ${url}: ${status}`;
  } catch (error) {
    signal.throwIfAborted();
    // The way to the service is missing.
    if (isError(error, 'ServiceUnavailable', 'NotFound')) return error.message;
    return `${start}: Get ${JSON.stringify(url)}: ${wordsOf(error)}`;
  }
}

function copyOf(service: APIService): AnyObject {
  return structuredClone(service) as unknown as AnyObject;
}
