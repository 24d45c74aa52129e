import { fromCompact, toCompact } from '@gantry/fieldsets/compact.ts';
import { FieldSet, type FieldsV1 } from '@gantry/fieldsets/field-set.ts';

// Sets of paths in their three forms: FieldSet to reckon with, FieldsV1 in objects, and short texts in the store. A cluster has far
// fewer different sets than objects: each is kept once, and found again by its text.

interface Known {
  readonly text: string;
  readonly set: FieldSet;
  readonly fields: FieldsV1;
}

/** Characters of texts that are kept for objects to share; the other forms take some ten times as much. */
const maxKeptChars = 2 * 1024 * 1024;

const byText = new Map<string, Known>();
let keptChars = 0;
const byFields = new WeakMap<FieldsV1, Known>();
const bySet = new WeakMap<FieldSet, Known>();

/** The set in an entry's fieldsV1. Throws SyntaxError for what is none. */
export function fieldSetOf(fields: unknown): FieldSet {
  const known = typeof fields === 'object' && fields !== null ? byFields.get(fields as FieldsV1) : undefined;
  return known?.set ?? knownOf(FieldSet.fromFieldsV1(fields)).set;
}

/** A set as FieldsV1. Equal sets share one value, which nobody may change. */
export function fieldsV1Of(set: FieldSet): FieldsV1 {
  return knownOf(set).fields;
}

/** The text that stands for fieldsV1 in the store; undefined for a value that is none of fieldsV1Of and fieldsOfText. */
export function textOfFields(fields: unknown): string | undefined {
  return byFields.get(fields as FieldsV1)?.text;
}

/** The fieldsV1 that a text of the store stands for. Throws SyntaxError for a text that stands for none. */
export function fieldsOfText(text: string): FieldsV1 {
  return (byText.get(text) ?? knownOf(fromCompact(text))).fields;
}

function knownOf(set: FieldSet): Known {
  let known = bySet.get(set);
  if (known === undefined) {
    const text = toCompact(set);
    known = byText.get(text) ?? keep({ text, set, fields: set.toFieldsV1() });
    bySet.set(set, known);
  }
  return known;
}

function keep(known: Known): Known {
  byText.set(known.text, known);
  byFields.set(known.fields, known);
  bySet.set(known.set, known);
  keptChars += known.text.length;
  // A Map keeps insertion order: the first is the oldest.
  for (const [text] of byText) {
    if (keptChars <= maxKeptChars) break;
    byText.delete(text);
    keptChars -= text.length;
  }
  return known;
}
