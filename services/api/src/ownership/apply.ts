import { compare } from '@gantry/fieldsets/compare.ts';
import type { FieldSet } from '@gantry/fieldsets/field-set.ts';
import { describePath } from '@gantry/fieldsets/path-element.ts';
import { toFieldSet } from '@gantry/fieldsets/to-set.ts';
import { applied, type Conflict, ConflictError, type Versions } from '@gantry/fieldsets/update.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { apiVersionOf } from '@gantry/model/registry.ts';
import { type FieldCause, GantryError } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { lastAppliedAnnotation } from '../core/last-applied.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { entriesOf, type Manager, managerKey, managerOf, nobody, type Ownership, ownershipOf } from './managers.ts';
import { emptyOf, versionsOf } from './schemas.ts';
import { type Author, type Entries, ownershipAfter } from './track.ts';

/** Application of a configuration by one manager. */
export interface Application {
  readonly author: Author;
  /** The fields that the manager wants, in the stored spelling of values, and no others. */
  readonly config: AnyObject;
  /** Takes fields over from other managers. */
  readonly force: boolean;
}

/** An object after an application. */
export interface Applied {
  /** Not yet decoded, defaulted or validated. */
  readonly object: AnyObject;
  readonly entries: Entries;
}

/** Manager of everything that was in an object when something was applied to it for the first time. */
const beforeFirstApply = 'before-first-apply';

/** The manager that takes over from client-side apply. */
const kubectl = 'kubectl';

/**
 * Applies a configuration to an object. Throws Conflict naming the fields that other managers own.
 * @param live The stored object in the form in which it would be stored today; undefined for a new one.
 */
export function applyTo(kind: Kind, live: AnyObject | undefined, application: Application): Applied {
  const { author, config } = application;
  const version = config.apiVersion;
  const { convert } = versionsOf(kind, author.subresource);
  const manager: Manager = { name: author.manager, operation: 'Apply', subresource: author.subresource };
  const key = managerKey(manager, version);
  const before = live === undefined ? nobody : ownershipBefore(kind, live, { ...author, version });
  const { metadata, ...others } = live ?? (emptyOf(kind) as AnyObject);
  const { managedFields: _, resourceVersion: _r, ...kept } = metadata;
  const write = {
    live: convert({ ...others, metadata: kept }, version),
    config,
    version,
    managers: before.managers,
    manager: key,
  };
  const { object, managers, changed } = attempt(kind, write, application);
  // An application that changes nothing has no time of its own.
  const times = changed ? new Map(before.times).set(key, rfc3339(author.nowMs)) : before.times;
  return {
    object: convert(object, apiVersionOf(kind)) as AnyObject,
    entries: managers.size === 0 ? undefined : entriesOf({ managers, times }),
  };
}

function ownershipBefore(kind: Kind, live: AnyObject, { subresource, version, nowMs }: Author): Ownership {
  const known = ownershipOf(live.metadata.managedFields);
  if (known.managers.size > 0) return known;
  const author = { manager: beforeFirstApply, subresource, version, nowMs };
  return ownershipAfter(kind, { author, object: live, live: undefined, before: nobody });
}

type Write = Omit<Parameters<typeof applied>[0], 'force'>;

function attempt(kind: Kind, write: Write, { author, force }: Application): ReturnType<typeof applied> {
  const versions = versionsOf(kind, author.subresource);
  try {
    return applied({ ...write, force }, versions);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const movesOver = author.manager === kubectl && author.subresource === '';
    const conflicts = movesOver
      ? beyondLastApplied(error.conflicts, write.live as AnyObject, versions)
      : error.conflicts;
    if (conflicts.length > 0) throw conflictError(conflicts, author.subresource);
    return applied({ ...write, force: true }, versions);
  }
}

/**
 * The conflicts that are none with client-side apply: fields of the manifest that kubectl applied last, whose values are still the
 * manifest's, become those of kubectl's server-side apply without being forced.
 */
function beyondLastApplied(conflicts: readonly Conflict[], live: AnyObject, versions: Versions): readonly Conflict[] {
  const allowed = lastAppliedSet(live, versions);
  return conflicts
    .map(({ manager, set }) => ({ manager, set: allowed === undefined ? set : set.difference(allowed) }))
    .filter(({ set }) => !set.isEmpty);
}

function lastAppliedSet(live: AnyObject, versions: Versions): FieldSet | undefined {
  const text = live.metadata.annotations?.[lastAppliedAnnotation];
  if (text === undefined) return undefined;
  try {
    const manifest = JSON.parse(text) as AnyObject;
    const schema = versions.schema(manifest.apiVersion);
    if (schema === undefined) return undefined;
    const { modified, removed } = compare(manifest, versions.convert(live, manifest.apiVersion), schema.shape);
    return toFieldSet(manifest, schema.shape).difference(modified).difference(removed);
  } catch {
    // Somebody wrote something else there: nothing is known of what was applied before.
    return undefined;
  }
}

/** The refusal of an application, in Kubernetes' words. */
function conflictError(conflicts: readonly Conflict[], subresource: string): GantryError {
  const describeManager = (key: string): string => managerText(key, subresource);
  const found = conflicts.flatMap(({ manager, set }) =>
    Array.from(set.paths(), (path) => ({ manager, path: describePath(path) })),
  );
  const causes = found.map(
    ({ manager, path }): FieldCause => ({
      reason: 'FieldManagerConflict',
      field: path,
      message: `conflict with ${describeManager(manager)}`,
    }),
  );
  if (found.length === 1) {
    const [{ manager, path }] = found as [(typeof found)[0]];
    const message = `Apply failed with 1 conflict: conflict with ${describeManager(manager)}: ${path}`;
    return new GantryError('Conflict', message, { causes });
  }
  const managers = [...new Set(found.map(({ manager }) => manager))].sort();
  const lines = managers.flatMap((manager) => [
    `conflicts with ${describeManager(manager)}:`,
    ...found.filter((one) => one.manager === manager).map(({ path }) => `- ${path}`),
  ]);
  return new GantryError('Conflict', `Apply failed with ${found.length} conflicts: ${lines.join('\n')}`, { causes });
}

function managerText(key: string, applied: string): string {
  const { name, operation, subresource } = managerOf(key);
  // A Scale is seen in its own version.
  const version = applied === 'scale' ? 'autoscaling/v1' : (JSON.parse(key) as { apiVersion?: string }).apiVersion;
  const through = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(name)}${through}${operation === 'Update' ? ` using ${version}` : ''}`;
}
