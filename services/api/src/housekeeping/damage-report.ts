import { kindOf } from '@gantry/model/built-in.ts';
import type { NamespaceCondition } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { apiVersionOf } from '@gantry/model/registry.ts';
import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { Gauge, type Registry } from 'prom-client';
import type { CoreDeps } from '../core/context.ts';
import type { DamagedObject } from '../core/damage.ts';
import { parseKey } from '../core/keys.ts';
import type { AnyObject, Stored } from '../core/stored-object.ts';
import { updateStatus } from '../core/writer.ts';
import type { ApiEvents } from '../events/recorder.ts';
import { ownersBy, ownManager } from '../ownership/track.ts';

export interface DamageReportDeps extends CoreDeps {
  readonly events: Pick<ApiEvents, 'record'>;
  readonly registry: Registry;
}

/** The condition of a namespace with objects that cannot be decoded. */
const conditionType = 'ObjectsReadable';
/** Objects that a condition names. */
const maxNamed = 5;
/** Time in which damaged objects are gathered into one report, in milliseconds. */
const gatherMs = 200;

const namespaces = kindOf('Namespace') as unknown as Kind;

/**
 * Reports damaged objects while they are damaged: each as an event about it, all as a metric, and those of a namespace as
 * its condition ObjectsReadable. Runs until the signal fires.
 */
export async function reportDamage(deps: DamageReportDeps, signal: AbortSignal): Promise<void> {
  const { damaged, clock, log, registry } = deps;
  new Gauge({
    name: 'gantry_api_damaged_objects',
    help: 'Stored objects that this process met and could not decode; lists and watches skip them.',
    registers: [registry],
    collect() {
      this.set(damaged.size);
    },
  });
  let wake = Promise.withResolvers<void>();
  using stack = new DisposableStack();
  stack.defer(damaged.onChange(() => wake.resolve()));
  signal.addEventListener('abort', () => wake.resolve(), { once: true });
  const report = new DamageReport(deps);
  for (let failures = 0; !signal.aborted; ) {
    await wake.promise;
    await clock.sleep(gatherMs, signal).catch(() => {});
    wake = Promise.withResolvers();
    if (signal.aborted) return;
    try {
      await report.update(damaged.all());
      failures = 0;
    } catch (error) {
      log.warn({ error }, 'damaged objects could not be reported; trying again');
      await clock.sleep(backoffMs(defaultBackoff, ++failures), signal).catch(() => {});
      wake.resolve();
    }
  }
}

/** Remembers the reports, so that each is made once and is withdrawn when its object is sound again. */
class DamageReport {
  readonly #deps: DamageReportDeps;
  readonly #reported = new Set<string>();
  readonly #namespaces = new Set<string>();

  constructor(deps: DamageReportDeps) {
    this.#deps = deps;
  }

  async update(damaged: readonly DamagedObject[]): Promise<void> {
    const byNamespace = Map.groupBy(damaged, ({ key }) => parseKey(key)?.namespace ?? '_');
    for (const one of damaged) this.#recordEvent(one);
    for (const namespace of new Set([...this.#namespaces, ...byNamespace.keys()])) {
      if (namespace === '_') continue;
      const objects = byNamespace.get(namespace) ?? [];
      this.#namespaces.add(namespace);
      await this.#setCondition(namespace, objects);
      if (objects.length === 0) this.#namespaces.delete(namespace);
    }
  }

  #recordEvent({ key, revision, problem }: DamagedObject): void {
    const identity = `${key} ${revision}`;
    const { resource = '', namespace = '_', name = '' } = parseKey(key) ?? {};
    const kind = this.#deps.kinds.find(resource);
    if (kind === undefined || this.#reported.has(identity)) return;
    this.#reported.add(identity);
    const home = namespace === '_' ? {} : { namespace };
    this.#deps.events.record({
      about: { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, ...home } },
      type: 'Warning',
      reason: 'ObjectDamaged',
      message: `the stored object is damaged and cannot be decoded; it is skipped until it is deleted: ${problem}`,
      component: 'api',
    });
  }

  async #setCondition(name: string, objects: readonly DamagedObject[]): Promise<void> {
    const target = { kind: namespaces, namespace: '', name };
    const now = rfc3339(this.#deps.clock.now());
    try {
      const owners = ownersBy({ manager: ownManager, subresource: 'status', nowMs: this.#deps.clock.now() });
      const next = ({ object }: Stored): AnyObject => withCondition(object, conditionOf(objects, now));
      await updateStatus(this.#deps, target, next, { dryRun: false, owners });
    } catch (error) {
      // The namespace is gone, or is damaged itself.
      if (!isError(error, 'NotFound', 'InternalError')) throw error;
    }
  }
}

function conditionOf(objects: readonly DamagedObject[], lastTransitionTime: string): NamespaceCondition {
  if (objects.length === 0) {
    const message = 'All objects can be decoded';
    return { type: conditionType, status: 'True', reason: 'AllReadable', message, lastTransitionTime };
  }
  const named = objects.slice(0, maxNamed).map(({ key, problem }) => `${key}: ${problem}`);
  const more = objects.length > maxNamed ? ` (and ${objects.length - maxNamed} more)` : '';
  const message = `Some objects cannot be decoded: ${named.join('; ')}${more}`;
  return { type: conditionType, status: 'False', reason: 'DamagedObjects', message, lastTransitionTime };
}

/** The namespace with the condition in the place of the one of its type. A status that stays keeps the time of its change. */
function withCondition(namespace: AnyObject, condition: NamespaceCondition): AnyObject {
  const conditions = (namespace.status?.conditions ?? []) as readonly NamespaceCondition[];
  const before = conditions.find(({ type }) => type === condition.type);
  const since = before?.status === condition.status ? before?.lastTransitionTime : condition.lastTransitionTime;
  const kept = conditions.filter(({ type }) => type !== condition.type);
  const next = { ...condition, ...(since === undefined ? {} : { lastTransitionTime: since }) };
  return { ...namespace, status: { ...namespace.status, conditions: [...kept, next] } };
}
