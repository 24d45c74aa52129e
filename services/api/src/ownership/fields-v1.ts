import { FieldSet, type FieldsV1 } from '@gantry/fieldsets/field-set.ts';

/** Characters of FieldsV1 that are kept for objects to share: a cluster has far fewer different sets than objects. */
const maxKeptChars = 4 * 1024 * 1024;

const kept = new Map<string, FieldsV1>();
let keptChars = 0;
const setOf = new WeakMap<FieldsV1, FieldSet>();
const fieldsOf = new WeakMap<FieldSet, FieldsV1>();

/** The set in an entry's fieldsV1. What was asked for before is not parsed again. Throws SyntaxError for what is none. */
export function fieldSetOf(fields: unknown): FieldSet {
  if (typeof fields !== 'object' || fields === null) return FieldSet.fromFieldsV1(fields);
  const known = setOf.get(fields as FieldsV1);
  if (known !== undefined) return known;
  const shared = kept.get(JSON.stringify(fields));
  const set = (shared && setOf.get(shared)) ?? FieldSet.fromFieldsV1(fields);
  setOf.set(fields as FieldsV1, set);
  return set;
}

/** A set as FieldsV1. Equal sets share one value, which nobody may change. */
export function fieldsV1Of(set: FieldSet): FieldsV1 {
  const known = fieldsOf.get(set);
  if (known !== undefined) return known;
  const fields = share(set.toFieldsV1(), set);
  fieldsOf.set(set, fields);
  return fields;
}

function share(fields: FieldsV1, set: FieldSet): FieldsV1 {
  const text = JSON.stringify(fields);
  const known = kept.get(text);
  if (known !== undefined) return known;
  kept.set(text, fields);
  setOf.set(fields, set);
  keptChars += text.length;
  // A Map keeps insertion order: the first is the oldest.
  for (const oldest of kept.keys()) {
    if (keptChars <= maxKeptChars) break;
    kept.delete(oldest);
    keptChars -= oldest.length;
  }
  return fields;
}
