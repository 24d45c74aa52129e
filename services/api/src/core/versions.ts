import type { Kind, StoredForms } from '@gantry/model/kind.ts';
import { type AnyObject, Stored } from './stored-object.ts';

// Objects of definitions may lie in the store in any version of theirs. Each version is a kind of its own, which says how it reads and
// writes them; objects of other kinds are as they are stored.

/** A stored object as its kind has it. */
export function inVersion({ custom }: Kind, stored: Stored): Stored | Promise<Stored> {
  if (custom === undefined || stored.damage !== undefined) return stored;
  const { object } = stored;
  const known = custom.stored.read(object);
  if (known !== undefined) return storedAs(stored, known, custom.stored);
  return custom.stored.readAll([object]).then(([form]) => storedAs(stored, form!, custom.stored));
}

function storedAs(stored: Stored, form: object, { apiVersion }: StoredForms): Stored {
  const { object, key, text, revision } = stored;
  if (form === object && object.apiVersion === apiVersion) return stored;
  return new Stored({ key, value: text, revision }, form as AnyObject, true);
}

/**
 * An object as those see it who read it after it was written: the stored version may have no place for some of its fields. A webhook is not
 * asked for that.
 */
export function afterWrite({ custom }: Kind, object: AnyObject): AnyObject {
  if (custom === undefined || custom.stored.asksWebhook || custom.stored.apiVersion === object.apiVersion)
    return object;
  return custom.stored.read(custom.stored.write(object) as AnyObject) as AnyObject;
}

/** An object in the form in which it is written. */
export function asWritten({ custom }: Kind, object: AnyObject): AnyObject | Promise<AnyObject> {
  return custom === undefined ? object : (custom.stored.write(object) as AnyObject | Promise<AnyObject>);
}
