import type { ChangeObserver } from './hub.ts';

/** Several observers as one. Each sees all changes after the state that it loaded; some may see a few of before, too. */
export function allObservers(...observers: readonly ChangeObserver[]): ChangeObserver {
  return {
    load: async (signal) => {
      const revisions: number[] = [];
      for (const observer of observers) revisions.push(await observer.load(signal));
      return Math.min(...revisions);
    },
    onChange: (change, event) => {
      for (const observer of observers) observer.onChange(change, event);
    },
  };
}
