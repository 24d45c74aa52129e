import type { Query, WatchEvent } from '@gantry/client/api.ts';
import { printedColumns } from '@gantry/model/columns.ts';
import type { Column, KubeObject } from '@gantry/model/kind.ts';
import { type GantryError, isError } from '@gantry/runtime/errors.ts';
import { type Context, Exit, ExitCode, refusal } from '../context.ts';
import { type Listed, listAll } from '../listing.ts';
import { formatObjects, type OutputFormat, objectLabel } from '../output/objects.ts';
import { columnWidths, formatRow, formatTable } from '../output/table.ts';
import { type Target, targetsOf } from '../targets.ts';

export interface GetFlags {
  readonly output: OutputFormat;
  readonly allNamespaces: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly watch: boolean;
  readonly noHeaders: boolean;
}

/** Prints objects. Those that do not exist keep none of the others back; the command then ends with an error. */
export async function get(context: Context, args: readonly string[], flags: GetFlags): Promise<void> {
  const targets = await targetsOf(context, args);
  if (flags.watch && targets.length > 1) throw refusal('you may only specify a single resource type');
  if (flags.output === 'raw') return printStored(context, targets, flags);
  const found: TargetFound[] = [];
  for (const target of targets) found.push({ target, ...(await fetch(context, target, flags)) });
  const missing = found.flatMap((each) => each.missing);
  if (missing.length === 0 || found.some(({ items }) => items.length > 0)) await print(context, found, flags);
  for (const { message } of missing) context.output.note(`Error from server (NotFound): ${message}\n`);
  if (missing.length > 0) throw new Exit(ExitCode.failed);
  if (!flags.watch) return;
  const { target, items, resourceVersion } = found[0]!;
  await printChanges(context, target, items, resourceVersion, flags);
}

/** Prints the text of objects as the store has it. */
async function printStored(context: Context, targets: readonly Target[], flags: GetFlags): Promise<void> {
  const { client, namespace, signal, output } = context;
  if (flags.watch || targets.some(({ names }) => names.length === 0)) throw refusal('-o raw is only for named objects');
  for (const { kind, type, names } of targets) {
    const scope = type.namespaced ? { namespace } : {};
    for (const name of names) output.write(`${(await client.getRaw(kind, { ...scope, name }, { signal })).text}\n`);
  }
}

interface Found extends Omit<Listed<KubeObject>, 'damaged'> {
  /** Errors about names that do not exist. */
  readonly missing: readonly GantryError[];
}

type TargetFound = Found & { readonly target: Target };

async function print(context: Context, found: readonly TargetFound[], flags: GetFlags): Promise<void> {
  const objects = found.flatMap(({ items }) => items);
  if (flags.output === 'yaml' || flags.output === 'json') {
    const single = found.length === 1 && found[0]!.target.names.length === 1;
    context.output.write(await formatObjects(flags.output, objects, !single));
  } else if (flags.output === 'name') {
    context.output.write(objects.map((object) => `${objectLabel(object)}\n`).join(''));
  } else {
    printTables(context, found, flags);
  }
}

function queryOf(context: Context, flags: GetFlags): Query {
  return {
    ...(flags.allNamespaces ? {} : { namespace: context.namespace }),
    ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
    ...(flags.fieldSelector === undefined ? {} : { fieldSelector: flags.fieldSelector }),
  };
}

async function fetch(context: Context, target: Target, flags: GetFlags): Promise<Found> {
  const { client, signal } = context;
  const namespace = target.type.namespaced ? context.namespace : undefined;
  if (target.names.length > 0) {
    const items: KubeObject[] = [];
    const missing: GantryError[] = [];
    for (const name of target.names) {
      try {
        items.push(await client.get(target.kind, { namespace, name }, { signal }));
      } catch (error) {
        if (!isError(error, 'NotFound')) throw error;
        missing.push(error);
      }
    }
    const resourceVersion = Math.max(0, ...items.map((item) => Number(item.metadata.resourceVersion)));
    return { items, missing, resourceVersion };
  }
  return { ...(await listAll(context, target.kind, scoped(target, queryOf(context, flags)))), missing: [] };
}

function scoped(target: Target, query: Query): Query {
  if (target.type.namespaced) return query;
  const { namespace: _namespace, ...clusterWide } = query;
  return clusterWide;
}

function headerOf(target: Target, flags: GetFlags): string[] {
  const names = columnsOf(target, flags).map(({ name }) => name.toUpperCase());
  return [...(flags.allNamespaces && target.type.namespaced ? ['NAMESPACE'] : []), ...names];
}

function rowOf(target: Target, object: KubeObject, flags: GetFlags, nowMs: number, prefixed: boolean): string[] {
  const cells = columnsOf(target, flags).map(({ name, cell }) =>
    name.toUpperCase() === 'NAME' && prefixed ? objectLabel(object) : cell(object, nowMs),
  );
  const namespace = flags.allNamespaces && target.type.namespaced ? [object.metadata.namespace ?? ''] : [];
  return [...namespace, ...cells];
}

function columnsOf(target: Target, flags: GetFlags): readonly Column<KubeObject>[] {
  return printedColumns(target.type, flags.output === 'wide');
}

function printTables(context: Context, found: readonly TargetFound[], flags: GetFlags): void {
  const filled = found.filter(({ items }) => items.length > 0);
  const nowMs = context.clock.now();
  if (filled.length === 0 && !flags.watch) {
    const where = flags.allNamespaces || !found.some(({ target }) => target.type.namespaced);
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
