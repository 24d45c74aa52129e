import type { StorageVersionMigration } from '@gantry/model/gen/gantry.storagemigration.v1.ts';
import { isMigration } from '@gantry/model/kinds/storageversionmigration/storageversionmigration.ts';
import { isError, type Reason, toGantryError } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { type Action, type AnyObject, type Controller, keyOf, ofKind, type View, waitForView } from '../core/action.ts';
import type { ServedKind } from '../core/kinds.ts';

/** Objects that one plan has stored anew. */
const burst = 200;
/** Milliseconds for which a resource may be missing: its definition may have come a moment ago. */
const patienceMs = 60_000;
const lookAgainMs = 1_000;
/** Refusals of a patch that no repetition changes. */
const finalRefusals: readonly Reason[] = ['BadRequest', 'Invalid', 'Forbidden', 'MethodNotAllowed'];

/** The controller's memory of a running migration. */
interface Progress {
  /** Objects that are stored in the present version, by their keys: a patch that changes nothing leaves no other trace. */
  readonly done: Set<string>;
  /** Those that the last plan was about; undefined where it failed. */
  planned: readonly string[] | undefined;
  /** Why a patch was refused for good. */
  refusal: string | undefined;
}

/**
 * Stores all objects of a resource anew, by patches that change nothing: the api writes an object whose stored form is not the present one.
 * Objects that were written after the migration began need none.
 */
export function storageVersionController(): Controller {
  const running = new Map<string, Progress>();
  return {
    name: 'storage-version-migrator-controller',
    watches: ['StorageVersionMigration'],
    watchesAll: true,

    keysFor(object: AnyObject, view: View): readonly string[] {
      return view.kinds.of(object)?.id === 'StorageVersionMigration' ? [object.metadata.name] : [];
    },

    reconcile(name: string, view: View, nowMs: number): readonly Action[] {
      const migration = view.get('StorageVersionMigration', undefined, name);
      const uid = migration?.metadata.uid ?? '';
      if (migration === undefined || isMigration(migration, 'Succeeded') || isMigration(migration, 'Failed')) {
        running.delete(name);
        return [];
      }
      const { group = '', resource = '' } = migration.spec?.resource ?? {};
      const kind = view.kinds.ofResource(group === '' ? resource : `${resource}.${group}`);
      if (kind === undefined || !kind.isShown) return missing(migration, nowMs);
      if (!isMigration(migration, 'Running')) return begin(migration, view, nowMs);
      const progress = running.get(name) ?? { done: new Set<string>(), planned: undefined, refusal: undefined };
      running.set(name, progress);
      return uid === '' ? [] : migrate(migration, kind, progress, view, nowMs);
    },

    failed(name: string, error: unknown): void {
      const progress = running.get(name);
      if (progress === undefined) return;
      progress.planned = undefined;
      if (isError(error, ...finalRefusals)) progress.refusal = toGantryError(error).message;
    },
  };
}

function missing(migration: StorageVersionMigration, nowMs: number): readonly Action[] {
  const sinceMs = nowMs - Date.parse(migration.metadata.creationTimestamp ?? '');
  if (sinceMs < patienceMs) return [{ type: 'requeue', afterMs: lookAgainMs }];
  return [failure(migration, 'resource does not exist in discovery', nowMs)];
}

/** Migrations of one resource run one after another, the oldest first. */
function begin(migration: StorageVersionMigration, view: View, nowMs: number): readonly Action[] {
  const { resource } = migration.spec ?? {};
  const others = [...view.list('StorageVersionMigration')].filter(
    ({ spec, metadata }) =>
      metadata.uid !== migration.metadata.uid &&
      spec?.resource?.resource === resource?.resource &&
      (spec?.resource?.group ?? '') === (resource?.group ?? ''),
  );
  if (
    others.some(
      (other) => isMigration(other, 'Running') && !isMigration(other, 'Succeeded') && !isMigration(other, 'Failed'),
    )
  ) {
    return [{ type: 'requeue', afterMs: lookAgainMs }];
  }
  // Revisions are global: whatever was written later was written in the present version.
  const { resourceVersion } = migration.metadata;
  const status = { ...migration.status, resourceVersion: migration.status?.resourceVersion || resourceVersion };
  return [
    withCondition(
      { ...migration, status } as StorageVersionMigration,
      'Running',
      'MigrationRunning',
      'The migration is running',
      nowMs,
    ),
  ];
}

function migrate(
  migration: StorageVersionMigration,
  kind: ServedKind,
  progress: Progress,
  view: View,
  nowMs: number,
): readonly Action[] {
  const { done, planned = [], refusal } = progress;
  for (const key of planned) done.add(key);
  progress.planned = undefined;
  const until = Number(migration.status?.resourceVersion ?? 0);
  if (view.revision(kind.id) < until) return [waitForView];
  const all = [...view.list(kind.id)] as AnyObject[];
  const left = all.filter((object) => Number(object.metadata.resourceVersion) <= until && !done.has(keyOf(object)));
  if (refusal !== undefined) {
    const text = `${left.length}/${all.length} not yet migrated. migration encountered unhandled error: ${refusal}`;
    return [withCondition(migration, 'Failed', 'StorageVersionMigrationFailed', text, nowMs)];
  }
  if (left.length === 0) {
    return [withCondition(migration, 'Succeeded', 'StorageVersionMigrationSucceeded', 'Migration completed', nowMs)];
  }
  const next = left.slice(0, burst);
  progress.planned = next.map(keyOf);
  const patches = next.map((object): Action => ({ type: 'patchMetadata', object, ...ofKind(kind.id), metadata: {} }));
  return [...patches, { type: 'requeue', afterMs: 0 }];
}

function failure(migration: StorageVersionMigration, problem: string, nowMs: number): Action {
  const text = `migration encountered unhandled error: ${problem}`;
  return withCondition(migration, 'Failed', 'StorageVersionMigrationFailed', text, nowMs);
}

function withCondition(
  migration: StorageVersionMigration,
  type: string,
  reason: string,
  message: string,
  nowMs: number,
): Action {
  const others = (migration.status?.conditions ?? []).filter((condition) => condition.type !== type);
  const condition = { type, status: 'True', lastTransitionTime: rfc3339(nowMs), reason, message };
  const status = { ...migration.status, conditions: [...others, condition] };
  return { type: 'updateStatus', object: { ...migration, status } };
}
