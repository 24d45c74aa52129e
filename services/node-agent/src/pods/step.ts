import { type Action, type Decision, keyOf } from './action.ts';
import { pullErrorShownMs } from './memory.ts';
import { deadlineMs, endingOf, stepEnd } from './step-end.ts';
import { stepRun } from './step-run.ts';
import { monotonicOf, type PodView } from './view.ts';

/** A stop that is under way is only made shorter when that saves at least this much, in milliseconds. */
const leastSavingMs = 1_000;

/**
 * The pod state machine: from what is wanted and what is there to what is done next. Pure; whoever calls it carries the actions
 * out, looks again and asks again. It never asks for a container's start while an instance of it runs.
 */
export function step(view: PodView): Decision {
  const ending = endingOf(view);
  const decision = ending === undefined ? stepRun(view) : stepEnd(view, ending);
  const { actions, wakeAtMs } = withoutBusy(view, decision);
  return { actions, wakeAtMs: Math.min(wakeAtMs, ...otherTimes(view, ending === undefined)) };
}

/** Times at which the decision or the status changes though nothing happens. */
function otherTimes(view: PodView, runs: boolean): number[] {
  const shown = [...view.memory.troubles.values()].map(({ failedAtMs }) => failedAtMs + pullErrorShownMs);
  const deadline = runs ? [monotonicOf(view, deadlineMs(view))] : [];
  return [...deadline, ...shown].filter((atMs) => atMs > view.monotonicMs);
}

/** Leaves out actions that are under way and actions that back off after a failure. */
function withoutBusy(view: PodView, decision: Decision): Decision {
  let wakeAtMs = decision.wakeAtMs;
  const actions = decision.actions.filter((action) => {
    const key = keyOf(action);
    if (isUnderWay(view, action, key)) return false;
    const trouble = view.memory.troubles.get(key);
    if (trouble === undefined || trouble.retryAtMs <= view.monotonicMs) return true;
    wakeAtMs = Math.min(wakeAtMs, trouble.retryAtMs);
    return false;
  });
  return { actions, wakeAtMs };
}

function isUnderWay(view: PodView, action: Action, key: string): boolean {
  const operation = view.memory.busy.get(key);
  if (operation === undefined) return false;
  if (action.kind !== 'stopContainer' || operation.kind !== 'stop') return true;
  return view.monotonicMs + action.graceMs > operation.deadlineMs - leastSavingMs;
}
