import type { Query, WatchEvent } from '@gantry/client/api.ts';
import { printedColumns } from '@gantry/model/columns.ts';
import type { Column, Kind, KubeObject } from '@gantry/model/kind.ts';
import { kindOf } from '@gantry/model/registry.ts';
import { type Context, refusal } from '../context.ts';
import { type Listed, listAll } from '../listing.ts';
import { formatObjects, type OutputFormat, objectLabel } from '../output/objects.ts';
import { columnWidths, formatRow, formatTable } from '../output/table.ts';
import { parseTargets, type Target } from '../targets.ts';

export interface GetFlags {
  readonly output: OutputFormat;
  readonly allNamespaces: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly watch: boolean;
  readonly noHeaders: boolean;
}

/** Prints objects. */
export async function get(context: Context, args: readonly string[], flags: GetFlags): Promise<void> {
  const targets = parseTargets(args);
  if (flags.watch && targets.length > 1) throw refusal('you may only specify a single resource type');
  if (flags.output === 'raw') return printStored(context, targets, flags);
  const found = [];
  for (const target of targets) found.push({ target, ...(await fetch(context, target, flags)) });
  const objects = found.flatMap(({ items }) => items);
  if (flags.output === 'yaml' || flags.output === 'json') {
    const single = targets.length === 1 && targets[0]!.names.length === 1;
    context.output.write(await formatObjects(flags.output, objects, !single));
  } else if (flags.output === 'name') {
    context.output.write(objects.map((object) => `${objectLabel(object)}\n`).join(''));
  } else {
    printTables(context, found, flags);
  }
  if (!flags.watch) return;
  const { target, items, resourceVersion } = found[0]!;
  await printChanges(context, target, items, resourceVersion, flags);
}

/** Prints the text of objects as the store has it. */
async function printStored(context: Context, targets: readonly Target[], flags: GetFlags): Promise<void> {
  const { client, namespace, signal, output } = context;
  if (flags.watch || targets.some(({ names }) => names.length === 0)) throw refusal('-o raw is only for named objects');
  for (const { kind, names } of targets) {
    const scope = kindOf(kind).namespaced ? { namespace } : {};
    for (const name of names) output.write(`${(await client.getRaw(kind, { ...scope, name }, { signal })).text}\n`);
  }
}

type Found = Omit<Listed<KubeObject>, 'damaged'>;

function queryOf(context: Context, flags: GetFlags): Query {
  return {
    ...(flags.allNamespaces ? {} : { namespace: context.namespace }),
    ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
    ...(flags.fieldSelector === undefined ? {} : { fieldSelector: flags.fieldSelector }),
  };
}

async function fetch(context: Context, target: Target, flags: GetFlags): Promise<Found> {
  const { client, signal } = context;
  const namespace = kindOf(target.kind).namespaced ? context.namespace : undefined;
  if (target.names.length > 0) {
    const items: KubeObject[] = [];
    for (const name of target.names) items.push(await client.get(target.kind, { namespace, name }, { signal }));
    return { items, resourceVersion: Math.max(...items.map((item) => Number(item.metadata.resourceVersion))) };
  }
  return listAll(context, target.kind, scoped(target, queryOf(context, flags)));
}

function scoped(target: Target, query: Query): Query {
  if (kindOf(target.kind).namespaced) return query;
  const { namespace: _namespace, ...clusterWide } = query;
  return clusterWide;
}

function headerOf(target: Target, flags: GetFlags): string[] {
  const names = columnsOf(target, flags).map(({ name }) => name);
  return [...(flags.allNamespaces && kindOf(target.kind).namespaced ? ['NAMESPACE'] : []), ...names];
}

function rowOf(target: Target, object: KubeObject, flags: GetFlags, nowMs: number, prefixed: boolean): string[] {
  const cells = columnsOf(target, flags).map(({ name, cell }) =>
    name === 'NAME' && prefixed ? objectLabel(object) : cell(object, nowMs),
  );
  const namespace = flags.allNamespaces && kindOf(target.kind).namespaced ? [object.metadata.namespace ?? ''] : [];
  return [...namespace, ...cells];
}

function columnsOf(target: Target, flags: GetFlags): readonly Column<KubeObject>[] {
  return printedColumns(kindOf(target.kind) as unknown as Kind, flags.output === 'wide');
}

function printTables(context: Context, found: readonly ({ target: Target } & Found)[], flags: GetFlags): void {
  const filled = found.filter(({ items }) => items.length > 0);
  const nowMs = context.clock.now();
  if (filled.length === 0 && !flags.watch) {
    const where = flags.allNamespaces || !found.some(({ target }) => kindOf(target.kind).namespaced);
    context.output.note(where ? 'No resources found\n' : `No resources found in ${context.namespace} namespace.\n`);
  }
  filled.forEach(({ target, items }, index) => {
    const rows = items.map((object) => rowOf(target, object, flags, nowMs, found.length > 1));
    const separator = index > 0 ? '\n' : '';
    context.output.write(separator + formatTable(flags.noHeaders ? undefined : headerOf(target, flags), rows));
  });
}

/** Prints objects as they change, until interrupted. Columns keep the widths of the table before. */
async function printChanges(
  context: Context,
  target: Target,
  before: readonly KubeObject[],
  resourceVersion: number,
  flags: GetFlags,
): Promise<void> {
  const header = headerOf(target, flags);
  const widths = columnWidths([
    header,
    ...before.map((object) => rowOf(target, object, flags, context.clock.now(), false)),
  ]);
  const names = target.names.length > 0 ? new Set(target.names) : undefined;
  const query = { ...scoped(target, queryOf(context, flags)), resourceVersion };
  const events: AsyncIterable<WatchEvent<KubeObject>> = context.client.watch(target.kind, query, context.signal);
  let headerDue = before.length === 0 && !flags.noHeaders && (flags.output === 'table' || flags.output === 'wide');
  for await (const event of events) {
    if (event.type === 'BOOKMARK' || (names && !names.has(event.object.metadata.name))) continue;
    if (flags.output === 'yaml') context.output.write(`---\n${await formatObjects('yaml', [event.object], false)}`);
    else if (flags.output === 'json') context.output.write(await formatObjects('json', [event.object], false));
    else if (flags.output === 'name') context.output.write(`${objectLabel(event.object)}\n`);
    else {
      const row = rowOf(target, event.object, flags, context.clock.now(), false);
      row.forEach((cell, index) => {
        widths[index] = Math.max(widths[index] ?? 0, cell.length);
      });
      if (headerDue) context.output.write(`${formatRow(header, widths)}\n`);
      headerDue = false;
      context.output.write(`${formatRow(row, widths)}\n`);
    }
  }
}
