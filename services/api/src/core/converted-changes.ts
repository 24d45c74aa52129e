import { type ChangeEvent, inForm, type Selection, type WatchEvent } from '../watch/change.ts';
import type { WatchHub } from '../watch/hub.ts';

/**
 * Changes of objects that a webhook converts. The hub cannot wait for it: it gives every change of the resource as it is stored, and
 * selectors decide here. Objects are converted once for all watches; a conversion that fails ends the watch with its error.
 */
export async function* convertedChanges(
  hub: Pick<WatchHub, 'watch'>,
  selection: Selection,
  after: number,
  signal: AbortSignal,
  prompt: boolean | undefined,
): AsyncGenerator<WatchEvent> {
  const { everything } = selection;
  const stored: Selection = {
    ...selection,
    everything: true,
    matches: () => true,
    hints: [],
    form: undefined,
    convert: undefined,
    wantsPrevious: !everything,
  };
  for await (const event of hub.watch(stored, after, signal, prompt)) {
    const wanted = event.type === 'BOOKMARK' ? event : await selected(event, selection);
    if (wanted !== undefined) yield wanted;
  }
}

/** The event that a change is to a selection; undefined for none. */
async function selected(event: ChangeEvent, selection: Selection): Promise<WatchEvent | undefined> {
  const { everything, matches, form, convert } = selection;
  const { object, previous } = event;
  await convert!(everything || previous === undefined ? [object] : [object, previous]);
  const made = inForm(event, form!);
  if (everything) return made;
  const after = event.type !== 'DELETED' && matches(made.object);
  const before = event.type === 'DELETED' ? matches(made.object) : previous !== undefined && matches(form!(previous));
  if (after) return before || event.type === 'ADDED' ? made : retyped(made, 'ADDED');
  if (!before) return undefined;
  return event.type === 'DELETED' ? made : retyped({ ...made, object: gone(form!(previous!), event) }, 'DELETED');
}

function retyped(event: ChangeEvent, type: ChangeEvent['type']): ChangeEvent {
  return { ...event, type };
}

/** An object that matches no more, with the revision of the change. */
function gone(object: ChangeEvent['object'], { resourceVersion }: ChangeEvent): ChangeEvent['object'] {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(resourceVersion) } };
}
