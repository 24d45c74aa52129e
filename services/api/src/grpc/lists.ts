import { type Wrapped, wrap, wrapPartial } from '@gantry/client/object-messages.ts';
import { encodeMessage } from '@gantry/client/protos.ts';
import { type Form, type Registry, resourceOf } from '@gantry/model/registry.ts';
import type { GantryError } from '@gantry/runtime/errors.ts';
import { type DamagedObject, type DamagedObjects, damagedObject } from '../core/damage.ts';
import { inForm } from '../core/forms.ts';
import { parseKey } from '../core/keys.ts';
import type { ListedPage } from '../core/page.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { Turn } from '../core/turns.ts';

/** The form in which objects are sent, and all that there are. */
export interface Wire {
  readonly kinds: Registry;
  readonly form: Form;
  /** Nothing but the metadata is sent: content is neither converted nor encoded. */
  readonly metadataOnly?: boolean | undefined;
}

/** Tag of ListResponse.items: field 1, length-delimited. */
const itemTag = 0x0a;

/**
 * A ListResponse as bytes, encoded object by object, so that a long list lets others have their turn and an object with
 * a field that cannot be encoded costs that object and not the list.
 */
export async function encodeList(
  { items, damaged, revision, token }: ListedPage,
  wire: Wire,
  noted: DamagedObjects,
  turn: Turn,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const unreadable = damaged.map(damagedMessage);
  for (const object of items) {
    try {
      const bytes = encodeObject(withoutManagers(object), wire);
      parts.push(lengthPrefix(bytes.length), bytes);
    } catch (error) {
      unreadable.push(damagedMessage(noted.note(error)));
    }
    if (turn.isOver) await turn.next();
  }
  // A message may be encoded in pieces: the fields that follow the items complete it.
  parts.push(encodeMessage('ListResponse', { resourceVersion: revision, continue: token, damaged: unreadable }));
  return Buffer.concat(parts);
}

/** An object as lists and watches have it: owners of fields, which are as long as many an object, come with Get alone. */
export function withoutManagers(object: AnyObject): AnyObject {
  const { managedFields, ...metadata } = object.metadata;
  return managedFields === undefined ? object : { ...object, metadata };
}

/** An object as the bytes of a gantry.api.v1.Object. Throws the error of damagedObject if a field cannot be encoded. */
export function encodeObject(object: AnyObject, wire: Wire): Buffer {
  try {
    return encodeMessage('Object', wrapFor(wire, object));
  } catch (error) {
    throw damageOf(object, wire.form, error);
  }
}

/** An object as gantry.api.v1.Object. */
export function wrapFor({ kinds, form, metadataOnly }: Wire, object: AnyObject): Wrapped {
  return metadataOnly ? wrapPartial(form, object) : wrap(inForm(form, object), kinds);
}

/** The error of damagedObject for an object that is decoded already. */
export function damageOf({ metadata }: AnyObject, { kind }: Form, cause: unknown): GantryError {
  const { namespace = '_', name, resourceVersion } = metadata;
  return damagedObject(
    { key: `${resourceOf(kind)}/${namespace}/${name}`, revision: Number(resourceVersion), value: '' },
    cause,
  );
}

function lengthPrefix(length: number): Uint8Array {
  const bytes = [itemTag];
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** gantry.api.v1.DamagedObject. */
function damagedMessage({ key, revision, problem }: DamagedObject) {
  const { resource = '', namespace = '', name = '' } = parseKey(key) ?? {};
  const ref = { resource, namespace: namespace === '_' ? '' : namespace, name };
  return { ref, resourceVersion: revision, problem };
}
