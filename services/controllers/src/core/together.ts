import type { Action } from './action.ts';

// Actions that go in one call.

/** Deletes and removals of finalizers of one call. */
const maxChanges = 256;
/** Most creates of one call, and about their most characters of JSON; a request may have 4 MiB. */
const maxTogether = 256;
const maxCharsTogether = 2 * 1024 * 1024;

/** True for neighbours whose order means nothing. */
export function runTogether(one: Action, other: Action | undefined): boolean {
  if (one.type !== 'create' && one.type !== 'delete' && one.type !== 'removeFinalizer') return false;
  return other?.type === one.type && other.object.kind === one.object.kind;
}

/** Upper bound of the actions, all of one type, that may go at once. Objects that one plan creates are alike. */
export function mostTogether(actions: readonly Action[]): number {
  const [first] = actions;
  if (first?.type !== 'create') return maxChanges;
  const chars = JSON.stringify(first.object).length;
  return Math.max(1, Math.min(maxTogether, Math.floor(maxCharsTogether / chars)));
}
