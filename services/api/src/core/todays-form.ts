import { decodeStored } from '@gantry/model/decode.ts';
import type { Kind, KubeObject } from '@gantry/model/kind.ts';
import type { Registry } from '@gantry/model/registry.ts';

// Stored objects as this version of the program would store them. What an older version wrote may spell out zeros, and what a newer
// one wrote may have fields that are not known here; neither is a change that a client made.

/** The form of each stored object that was asked for, with the kind by which it was found: kinds may change while the process runs. */
const forms = new WeakMap<KubeObject, { readonly kind: Kind; readonly form: KubeObject }>();

/** A stored object in the form in which it would be stored today. Shared: never change it. */
export function inTodaysForm<T extends KubeObject>(kinds: Registry, kind: Kind, object: T): T {
  // Kinds of definitions read objects so from the store.
  if (kind.custom !== undefined) return object;
  const known = forms.get(object);
  if (known?.kind === kind) return known.form as T;
  try {
    const form = decodeStored(object, kinds) as T;
    // Shared with the stored object, so that what is derived from the entries is found again.
    if (object.metadata.managedFields !== undefined) form.metadata.managedFields = object.metadata.managedFields;
    forms.set(object, { kind, form });
    return form;
  } catch {
    // Damaged: replacing it is how it is mended.
    return object;
  }
}

/** Notes that an object was decoded, defaulted and validated by this process. */
export function noteForm(kind: Kind, object: KubeObject): void {
  forms.set(object, { kind, form: object });
}

/** Notes that an object differs from another one in nothing that its form depends on. */
export function noteSameForm(object: KubeObject, other: KubeObject): void {
  const known = forms.get(other);
  if (known?.form === other) forms.set(object, { kind: known.kind, form: object });
}
