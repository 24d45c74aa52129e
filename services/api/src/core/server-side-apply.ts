import { checkItems } from '@gantry/fieldsets/check-items.ts';
import { decodeObject, decodeStored } from '@gantry/model/decode.ts';
import { parseManifestText } from '@gantry/model/parse.ts';
import type { Form } from '@gantry/model/registry.ts';
import { conflict, GantryError, isError } from '@gantry/runtime/errors.ts';
import { applyTo } from '../ownership/apply.ts';
import { shapeOf } from '../ownership/shapes.ts';
import type { Author, Entries } from '../ownership/track.ts';
import type { CoreDeps } from './context.ts';
import { create } from './creation.ts';
import { infoOf } from './keys.ts';
import { lastAppliedAnnotation } from './last-applied.ts';
import { writeOf } from './parts.ts';
import { checkUid } from './patching.ts';
import type { AnyObject } from './stored-object.ts';
import { inTodaysForm } from './todays-form.ts';
import { type Target, update, type WriteOptions } from './writer.ts';

// Server-side apply: one manager says which fields it wants, in a configuration that has these fields and no others.

/** Asks that an object have the fields of a configuration. */
export interface ServerSideApply {
  /** The configuration in YAML or JSON. */
  readonly config: Uint8Array;
  readonly author: Author;
  /** The form that the configuration must be of. */
  readonly form: Form;
  /** Takes fields over from other managers. */
  readonly force: boolean;
  readonly dryRun: boolean;
  /** As of any write. */
  readonly request: WriteOptions['request'];
}

/** Rounds of "it is not there, create it" and "it is there already, change it" before giving up. */
const maxRounds = 4;

/**
 * Applies a configuration to an object, or creates the object where there is none and the configuration is of more than a subresource.
 * Throws Conflict naming the fields of other managers that it would change.
 * @param authorizeCreate Called before an object is created.
 */
export async function applyServerSide(
  deps: CoreDeps,
  target: Target,
  request: ServerSideApply,
  authorizeCreate: () => void,
): Promise<{ readonly object: AnyObject; readonly outcome: 'created' | 'configured' | 'unchanged' }> {
  const { kind, name } = target;
  const config = readConfig(deps, target, request.form, request.config);
  const { author, force, form } = request;
  const options = { dryRun: request.dryRun, form, request: request.request };
  for (let round = 1; round <= maxRounds; round++) {
    let entries: Entries;
    const owners = (): Entries => entries;
    try {
      // The configuration of a scale is of the object, and has its count alone.
      const write = author.subresource === 'scale' ? update : writeOf(kind, author.subresource);
      const next = ({ object: stored }: { readonly object: AnyObject }): AnyObject => {
        const result = applyTo(kind, inTodaysForm(deps.kinds, kind, stored), { author, config, force });
        entries = result.entries;
        const object = decodeStored(result.object, deps.kinds) as AnyObject;
        checkUid(kind, object, stored);
        if (author.subresource === '') keepLastApplied(object, config, author);
        return object;
      };
      const { object, changed } = await write(deps, target, next, { ...options, owners });
      return { object, outcome: changed ? 'configured' : 'unchanged' };
    } catch (error) {
      if (!isError(error, 'NotFound') || author.subresource !== '') throw error;
    }
    authorizeCreate();
    const result = applyTo(kind, undefined, { author, config, force });
    entries = result.entries;
    try {
      const object = await create(deps, kind, newObject(deps, target, result.object), { ...options, owners });
      return { object, outcome: 'created' };
    } catch (error) {
      if (!isError(error, 'AlreadyExists')) throw error;
    }
  }
  throw conflict(infoOf(kind, name), 'it is being created and deleted again and again; please try again');
}

/** The object that an application creates. */
function newObject({ kinds }: CoreDeps, { kind, namespace, name }: Target, value: AnyObject): AnyObject {
  const object = decodeStored(value, kinds) as AnyObject;
  const { metadata } = object;
  if (kind.namespaced) metadata.namespace = namespace;
  if (metadata.uid) {
    const problem = `uid mismatch: the provided object specified uid ${metadata.uid}, and no existing object was found`;
    throw conflict(infoOf(kind, name), problem);
  }
  delete metadata.resourceVersion;
  return object;
}

/** Reads a configuration. Throws BadRequest naming everything that is wrong with it. */
function readConfig({ kinds }: CoreDeps, { kind, namespace, name }: Target, form: Form, bytes: Uint8Array): AnyObject {
  const given = parsed(bytes) ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new GantryError('BadRequest', 'error decoding patch: the configuration must be an object');
  }
  const { apiVersion = '', kind: kindName = '', metadata } = given as Partial<AnyObject>;
  if (apiVersion !== form.apiVersion || kindName !== kind.kind) {
    const shown = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
    throw new GantryError('BadRequest', `invalid object type: ${shown}, Kind=${kindName}`);
  }
  if ((metadata?.managedFields ?? undefined) !== undefined) {
    throw new GantryError('BadRequest', 'metadata.managedFields must be nil');
  }
  if (metadata?.name && metadata.name !== name) throw otherName(metadata.name, name);
  if (kind.namespaced && metadata?.namespace && metadata.namespace !== namespace) {
    const problem = 'the namespace of the provided object does not match the namespace sent on the request';
    throw new GantryError('BadRequest', problem);
  }
  try {
    const decoded = decodeObject(given, kinds);
    checkItems(given, shapeOf(form.schema));
    const config = inStoredSpelling(given, decoded) as AnyObject;
    return { ...config, metadata: { ...config.metadata, name } };
  } catch (error) {
    const place = `${kind.namespaced ? namespace : ''}/${name}; ${apiVersion}, Kind=${kindName}`;
    throw untyped(`failed to create typed patch object (${place}): `, error);
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return parseManifestText(bytes);
  } catch (error) {
    if (!isError(error, 'BadRequest')) throw error;
    const { causes, message } = error;
    throw new GantryError('BadRequest', `error decoding patch: ${message}`, { causes, cause: error });
  }
}

function untyped(start: string, error: unknown): unknown {
  if (error instanceof TypeError) return new GantryError('BadRequest', start + error.message, { cause: error });
  if (!isError(error, 'BadRequest')) return error;
  const problems = error.causes.map(({ field, message }) =>
    message.startsWith('unknown field') ? `.${field}: field not declared in schema` : `.${field}: ${message}`,
  );
  const text = problems.length === 0 ? error.message : problems.join('\n');
  return new GantryError('BadRequest', start + text, { causes: error.causes, cause: error });
}

function otherName(given: string, name: string): GantryError {
  return new GantryError(
    'BadRequest',
    `the name of the object (${given}) does not match the name on the URL (${name})`,
  );
}

/** A configuration with the values of its decoded form, which spells quantities and times as they are stored; zeros stay. */
function inStoredSpelling(given: unknown, decoded: unknown): unknown {
  if (Array.isArray(given)) {
    const items = Array.isArray(decoded) ? decoded : [];
    return given.map((item, index) => inStoredSpelling(item, items[index]));
  }
  if (typeof given !== 'object' || given === null) return given === null || decoded === undefined ? given : decoded;
  const fields = typeof decoded === 'object' && decoded !== null ? (decoded as Record<string, unknown>) : {};
  return Object.fromEntries(
    Object.entries(given).map(([name, inner]) => [
      name,
      inStoredSpelling(inner, Object.hasOwn(fields, name) ? fields[name] : undefined),
    ]),
  );
}

/** kubectl's annotation follows its server-side apply, so that client-side apply may go on from there. */
function keepLastApplied({ metadata }: AnyObject, config: AnyObject, { manager }: Author): void {
  if (manager !== 'kubectl' || metadata.annotations?.[lastAppliedAnnotation] === undefined) return;
  const { annotations: given, ...others } = config.metadata;
  const { [lastAppliedAnnotation]: _, ...annotations } = given ?? {};
  const rest = given === undefined ? others : { ...others, annotations };
  metadata.annotations[lastAppliedAnnotation] = `${JSON.stringify(inOrder({ ...config, metadata: rest }))}\n`;
}

/** A value with the keys of its objects in alphabetical order, as kubectl writes them. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, inOrder(inner)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
