import type { FlowControl } from './flow-control.ts';
import type { Level } from './levels.ts';

/** Path below which the state of priority and fairness is shown, as kube-apiserver has it. */
const root = '/debug/api_priority_and_fairness/';

/** The text of a path that shows the state of priority and fairness; undefined for any other path. */
export function flowDumpAt(path: string, flow: FlowControl): string | undefined {
  if (!path.startsWith(root)) return undefined;
  const levels = flow.levels.levels.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  switch (path.slice(root.length)) {
    case 'dump_priority_levels':
      return table(levelColumns, levels.map(levelRow));
    case 'dump_queues':
      return table(queueColumns, levels.flatMap(queueRows));
    case 'dump_requests':
      return table(requestColumns, levels.flatMap(requestRows));
    default:
      return undefined;
  }
}

const levelColumns = [
  ...['PriorityLevelName', 'ActiveQueues', 'IsIdle', 'IsQuiescing', 'WaitingRequests', 'ExecutingRequests'],
  ...['DispatchedRequests', 'RejectedRequests', 'TimedoutRequests', 'CancelledRequests'],
];

function levelRow({ name, queues, isQuiescing, counts }: Level): unknown[] {
  const all = [...counts.values()];
  const sum = (of: (each: (typeof all)[number]) => number): number => all.reduce((total, each) => total + of(each), 0);
  const timedOut = sum(({ rejected }) => rejected['time-out']);
  const active = queues.queues.filter(({ waiting }) => waiting.size > 0).length;
  const rejected = timedOut + sum((each) => each.rejected['concurrency-limit'] + each.rejected['queue-full']);
  const { isIdle, waiting, executing } = queues;
  return [name, active, isIdle, isQuiescing, waiting, executing, sum((each) => each.dispatched), rejected, 0, timedOut];
}

const queueColumns = ['PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'NextDispatchR'];

/** The queues that are in use. */
function queueRows({ name, queues }: Level): unknown[][] {
  return queues.queues.map(({ index, waiting, executing, nextStart }) => {
    return [name, index, waiting.size, executing, `${(nextStart / 1_000).toFixed(8)}ss`];
  });
}

const requestColumns = ['PriorityLevelName', 'FlowSchemaName', 'QueueIndex', 'RequestIndexInQueue', 'Seats'];

/** The requests that wait. */
function requestRows({ name, queues }: Level): unknown[][] {
  return queues.queues.flatMap(({ index, waiting }) =>
    [...waiting].map(({ counts, seats }, place) => [name, counts.schema, index, place, seats]),
  );
}

/** Rows with commas and padding between, as kube-apiserver writes them. */
function table(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [columns, ...rows].map((row) =>
    row.map((cell, at) => `${cell}${at === columns.length - 1 ? '' : ','}`),
  );
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]!.length)));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at]!))
          .join(' ')
          .trimEnd()}\n`,
    )
    .join('');
}
