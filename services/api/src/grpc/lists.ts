import { wrap } from '@gantry/client/object-messages.ts';
import { encodeMessage } from '@gantry/client/protos.ts';
import { type DamagedObject, type DamagedObjects, damagedObject } from '../core/damage.ts';
import { parseKey } from '../core/keys.ts';
import type { ListedPage } from '../core/page.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { Turn } from '../core/turns.ts';

/** Tag of ListResponse.items: field 1, length-delimited. */
const itemTag = 0x0a;

/**
 * A ListResponse as bytes, encoded object by object, so that a long list lets others have their turn and an object with
 * a field that cannot be encoded costs that object and not the list.
 */
export async function encodeList(
  { items, damaged, revision, token }: ListedPage,
  resource: string,
  noted: DamagedObjects,
  turn: Turn,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const unreadable = damaged.map(damagedMessage);
  for (const object of items) {
    const bytes = encodeItem(object, resource, noted);
    if (bytes instanceof Uint8Array) parts.push(lengthPrefix(bytes.length), bytes);
    else unreadable.push(damagedMessage(bytes));
    if (turn.isOver) await turn.next();
  }
  // A message may be encoded in pieces: the fields that follow the items complete it.
  parts.push(encodeMessage('ListResponse', { resourceVersion: revision, continue: token, damaged: unreadable }));
  return Buffer.concat(parts);
}

function encodeItem(object: AnyObject, resource: string, noted: DamagedObjects): Uint8Array | DamagedObject {
  try {
    return encodeMessage('Object', wrap(object));
  } catch (error) {
    const { namespace = '_', name, resourceVersion } = object.metadata;
    const entry = { key: `${resource}/${namespace}/${name}`, revision: Number(resourceVersion), value: '' };
    return noted.note(damagedObject(entry, error));
  }
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
