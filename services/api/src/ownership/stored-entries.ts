import type { ManagedFieldsEntry } from '@gantry/model/gen/gantry.meta.v1.ts';
import { fieldsOfText, textOfFields } from './fields-v1.ts';

// Entries of managedFields in the store's text: fieldsV1 is a short text there, which many objects have in common.

const texts = new WeakMap<ManagedFieldsEntry, string>();

/** The JSON of an object's entries for the store. Entries that objects share are encoded once. */
export function textOfEntries(entries: readonly ManagedFieldsEntry[]): string {
  let all = '';
  for (const entry of entries) all += all === '' ? textOfEntry(entry) : `,${textOfEntry(entry)}`;
  return `[${all}]`;
}

function textOfEntry(entry: ManagedFieldsEntry): string {
  let text = texts.get(entry);
  if (text === undefined) {
    text = JSON.stringify({ ...entry, fieldsV1: textOfFields(entry.fieldsV1) ?? entry.fieldsV1 });
    texts.set(entry, text);
  }
  return text;
}

/** Brings entries that were parsed from the store's text into their form in objects, in place. Throws SyntaxError for damaged ones. */
export function readEntries(entries: readonly ManagedFieldsEntry[] | undefined): void {
  if (entries === undefined) return;
  for (const entry of entries) {
    if (typeof entry.fieldsV1 === 'string') entry.fieldsV1 = fieldsOfText(entry.fieldsV1);
  }
}
