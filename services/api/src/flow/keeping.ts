import { kindOf } from '@gantry/model/built-in.ts';
import type { FlowSchema } from '@gantry/model/gen/gantry.flowcontrol.v1.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { ResourceApi } from '../core/api.ts';
import { ownContext, type RequestContext } from '../core/context.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { type FlowCondition, missingCondition, planBootstrap } from './revision.ts';
import type { FlowView } from './view.ts';

const user = { name: 'system:apiserver', groups: ['system:masters'] };
/** Kubernetes' names of those that write the objects and their conditions. */
const [producer, consumer] = [
  'api-priority-and-fairness-config-producer-v1',
  'api-priority-and-fairness-config-consumer-v1',
];
/** Milliseconds between looks at the objects, and at least between two looks that changes lead to. */
const lookEveryMs = 60_000;
const lookAgainMs = 1_000;

export interface FlowKeeperDeps {
  readonly api: Pick<ResourceApi, 'create' | 'update' | 'delete' | 'applyConfig'>;
  readonly view: Pick<FlowView, 'configuration' | 'onConfiguration'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes the flow schemas and priority levels that every api has, and brings them up to date. Of several replicas that do so each finds the others' work done. */
export async function keepFlowObjects(
  { api, view }: Pick<FlowKeeperDeps, 'api' | 'view'>,
  signal: AbortSignal,
): Promise<void> {
  const context = ownContext(user, signal, producer);
  const { schemas, levels } = view.configuration;
  const { create, update, remove } = planBootstrap([...levels, ...schemas]);
  const write = async (one: Promise<unknown>): Promise<void> => {
    await one.catch((error: unknown) => {
      // Somebody else did it, or does now.
      if (!isError(error, 'AlreadyExists', 'Conflict', 'NotFound')) throw error;
    });
  };
  for (const object of create) await write(api.create(context, structuredClone(object) as unknown as AnyObject, false));
  for (const object of update) await write(api.update(context, structuredClone(object) as unknown as AnyObject, false));
  for (const object of remove) {
    const { kind, metadata } = object;
    const ref = { resource: resourceOf(kindOf(kind)), namespace: '', name: metadata.name ?? '' };
    const { uid, resourceVersion } = metadata;
    await write(api.delete(context, ref, { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) }, false));
  }
}

/** Keeps the objects and the conditions of flow schemas as they should be, until the signal fires. Run by one leader. */
export async function keepFlowConfiguration(deps: FlowKeeperDeps, signal: AbortSignal): Promise<void> {
  const { view, clock, log } = deps;
  while (!signal.aborted) {
    const changed = new AbortController();
    using _listener = view.onConfiguration(() => changed.abort());
    try {
      await keepFlowObjects(deps, signal);
      await writeConditions(deps, signal);
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, 'flow schemas and priority levels could not be looked after');
    }
    await clock.sleep(lookAgainMs, signal).catch(() => undefined);
    const either = AbortSignal.any([signal, changed.signal]);
    if (!either.aborted) await clock.sleep(lookEveryMs, either).catch(() => undefined);
  }
}

async function writeConditions({ api, view, clock }: FlowKeeperDeps, signal: AbortSignal): Promise<void> {
  const { schemas, levels } = view.configuration;
  const names = new Set(levels.map(({ metadata }) => metadata.name ?? ''));
  const context = ownContext(user, signal, consumer);
  for (const schema of schemas) {
    const condition = missingCondition(schema, names);
    if (condition !== undefined) await writeCondition(api, context, schema, condition, rfc3339(clock.now()));
  }
}

async function writeCondition(
  api: FlowKeeperDeps['api'],
  context: RequestContext,
  { apiVersion, kind, metadata: { name = '' } }: FlowSchema,
  condition: FlowCondition,
  lastTransitionTime: string,
): Promise<void> {
  const config = {
    apiVersion,
    kind,
    metadata: { name },
    status: { conditions: [{ ...condition, lastTransitionTime }] },
  };
  const ref = { resource: resourceOf(kindOf(kind)), namespace: '', name, subresource: 'status' };
  await api
    .applyConfig(context, ref, { config: Buffer.from(JSON.stringify(config)), force: true, dryRun: false })
    .catch((error: unknown) => {
      if (!isError(error, 'NotFound')) throw error;
    });
}
