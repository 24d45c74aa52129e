import { formatAge } from '@gantry/model/age.ts';
import type { Event } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { type Context, refusal } from '../context.ts';
import { listAll } from '../listing.ts';
import { formatOutline } from '../output/outline.ts';
import { formatTable } from '../output/table.ts';
import { type Target, targetsOf } from '../targets.ts';

/** Prints all fields of objects, and their events. */
export async function describe(
  context: Context,
  args: readonly string[],
  flags: { readonly selector?: string },
): Promise<void> {
  const objects: KubeObject[] = [];
  for (const target of await targetsOf(context, args)) objects.push(...(await fetch(context, target, flags.selector)));
  if (objects.length === 0) throw refusal(`No resources found in ${context.namespace} namespace.`);
  for (const [index, object] of objects.entries()) {
    if (index > 0) context.output.write('\n\n');
    context.output.write(await describeObject(context, object));
  }
}

async function fetch(
  context: Context,
  { kind, type, names }: Target,
  labelSelector: string | undefined,
): Promise<KubeObject[]> {
  const { client, signal } = context;
  const scope = type.namespaced ? { namespace: context.namespace } : {};
  if (names.length > 0) return Promise.all(names.map((name) => client.get(kind, { ...scope, name }, { signal })));
  const query = { ...scope, ...(labelSelector === undefined ? {} : { labelSelector }) };
  return (await listAll(context, kind, query)).items;
}

async function describeObject(context: Context, object: KubeObject): Promise<string> {
  const { metadata, apiVersion: _version, kind, ...rest } = object as KubeObject & Record<string, unknown>;
  const { name, namespace, labels, annotations, creationTimestamp, deletionTimestamp, ownerReferences } = metadata;
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...shownAnnotations } = annotations ?? {};
  const head = {
    name,
    namespace,
    labels,
    annotations: shownAnnotations,
    created: creationTimestamp,
    terminatingSince: deletionTimestamp,
    controlledBy: ownerReferences?.filter(({ controller }) => controller).map((owner) => `${owner.kind}/${owner.name}`),
  };
  return formatOutline({ kind, ...head, ...concealed(kind, rest) }) + (await eventsOf(context, object));
}

/** Replaces the values of a Secret by their lengths. */
function concealed(kind: string, fields: Record<string, unknown>): Record<string, unknown> {
  if (kind !== 'Secret') return fields;
  const entries = Object.entries((fields.data ?? {}) as Record<string, string>);
  const data = Object.fromEntries(entries.map(([key, value]) => [key, `${Buffer.from(value, 'base64').length} bytes`]));
  return { ...fields, data };
}

async function eventsOf(context: Context, object: KubeObject): Promise<string> {
  const namespace = object.metadata.namespace ?? 'default';
  const fieldSelector = `involvedObject.uid=${object.metadata.uid}`;
  const { items } = await listAll(context, 'Event', { namespace, fieldSelector });
  if (items.length === 0) return 'Events:  <none>\n';
  const nowMs = context.clock.now();
  const rows = items.toSorted(byLastSeen).map((event) => eventRow(event, nowMs));
  const table = formatTable(['Type', 'Reason', 'Age', 'From', 'Message'], rows);
  return `Events:\n${table.replace(/^/gm, '  ').trimEnd()}\n`;
}

/** Events of one second come in the order in which they were written. */
function byLastSeen(a: Event, b: Event): number {
  const byTime = lastSeen(a).localeCompare(lastSeen(b));
  return byTime === 0 ? Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion) : byTime;
}

function lastSeen(event: Event): string {
  return event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '';
}

function eventRow(event: Event, nowMs: number): string[] {
  const age = formatAge(lastSeen(event), nowMs);
  const first = formatAge(event.firstTimestamp ?? lastSeen(event), nowMs);
  const seen = (event.count ?? 1) > 1 ? `${age} (x${event.count} over ${first})` : age;
  return [event.type ?? '', event.reason ?? '', seen, event.source?.component ?? '', event.message ?? ''];
}
