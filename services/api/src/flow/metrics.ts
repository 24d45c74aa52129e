import type { MetricObject, MetricObjectWithValues, MetricValueWithName, Registry } from 'prom-client';
import type { FlowControl } from './flow-control.ts';
import type { FlowCounts, Ranges, TimeRanges } from './flow-counts.ts';
import type { Level, Levels } from './levels.ts';
import type { Utilization } from './utilization.ts';

type Labels = Readonly<Record<string, string | number>>;
type Sample = MetricValueWithName<string>;

const prefix = 'apiserver_flowcontrol_';

/**
 * The metrics of priority and fairness by Kubernetes' names. Requests count in plain numbers; these are read when somebody asks.
 */
export function registerFlowMetrics(registry: Registry, flow: FlowControl): void {
  for (const { name, type, help, read } of [...byFlow, ...byLevel]) {
    registry.registerMetric(new ReadMetric(prefix + name, type, help, () => read(flow.levels, prefix + name)) as never);
  }
}

/** A metric whose values are read when they are asked for. */
class ReadMetric {
  readonly name: string;
  readonly #description: Omit<MetricObject, 'type'> & { readonly type: string };
  readonly #read: () => Sample[];

  constructor(name: string, type: string, help: string, read: () => Sample[]) {
    this.name = name;
    this.#description = { name, help, type, aggregator: 'sum' } as never;
    this.#read = read;
  }

  async get(): Promise<MetricObjectWithValues<Sample>> {
    return { ...this.#description, values: this.#read() } as never;
  }

  /** The numbers are not its own. */
  reset(): void {}
}

interface FlowMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly read: (levels: Levels, name: string) => Sample[];
}

function samplesOf(levels: Levels, of: (counts: FlowCounts, labels: Labels) => Sample[]): Sample[] {
  return levels.levels.flatMap((level) =>
    [...level.counts.values()].flatMap((counts) =>
      of(counts, { priority_level: counts.level, flow_schema: counts.schema }),
    ),
  );
}

function ofFlow(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  value: (counts: FlowCounts) => number,
): FlowMetric {
  const read = (levels: Levels, metricName: string): Sample[] =>
    samplesOf(levels, (counts, labels) => [{ metricName, labels, value: value(counts) }]);
  return { name, type, help, read };
}

function rangesOfFlow(name: string, help: string, ranges: (counts: FlowCounts) => [Labels, Ranges][]): FlowMetric {
  const read = (levels: Levels, metricName: string): Sample[] =>
    samplesOf(levels, (counts, labels) =>
      ranges(counts).flatMap(([own, each]) => bucketsOf(metricName, { ...labels, ...own }, each)),
    );
  return { name, type: 'histogram', help, read };
}

function bucketsOf(name: string, labels: Labels, { bounds, counts, sum }: Ranges): Sample[] {
  let total = 0;
  const buckets = counts.map((count, index): Sample => {
    total += count;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bounds[index] ?? '+Inf' }, value: total };
  });
  if (total === 0) return [];
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}

const byFlow: readonly FlowMetric[] = [
  {
    name: 'rejected_requests_total',
    type: 'counter',
    help: 'Requests that were refused by priority and fairness.',
    read: (levels, metricName) =>
      samplesOf(levels, ({ rejected }, labels) =>
        Object.entries(rejected).flatMap(([reason, value]) =>
          value === 0 ? [] : [{ metricName, labels: { ...labels, reason }, value }],
        ),
      ),
  },
  ofFlow('dispatched_requests_total', 'counter', 'Requests that began.', ({ dispatched }) => dispatched),
  ofFlow('current_inqueue_requests', 'gauge', 'Requests that wait in queues.', ({ inQueue }) => inQueue),
  ofFlow('current_inqueue_seats', 'gauge', 'Seats that waiting requests want.', ({ inQueueSeats }) => inQueueSeats),
  ofFlow(
    'current_executing_requests',
    'gauge',
    'Requests in work; watches until they have begun.',
    (counts) => counts.executing,
  ),
  ofFlow('current_executing_seats', 'gauge', 'Seats of requests in work.', ({ executingSeats }) => executingSeats),
  ofFlow(
    'request_dispatch_no_accommodation_total',
    'counter',
    'Times at which the next request needed more seats than were free.',
    ({ noAccommodation }) => noAccommodation,
  ),
  rangesOfFlow(
    'request_queue_length_after_enqueue',
    'Length of a queue, as each request that came into it saw it.',
    (counts) => [[{}, counts.queueLength]],
  ),
  rangesOfFlow('work_estimated_seats', 'Seats that requests were estimated to need.', (counts) => [
    [{}, counts.estimatedSeats],
  ]),
  rangesOfFlow('watch_count_samples', 'Watches that writes were told to.', (counts) => [[{}, counts.watches]]),
  rangesOfFlow('request_wait_duration_seconds', 'Seconds that requests waited in their queues.', ({ waitSeconds }) =>
    Object.entries(waitSeconds).map(([execute, ranges]) => [{ execute }, ranges]),
  ),
  rangesOfFlow(
    'request_execution_seconds',
    'Seconds that requests were in work; watches until they had begun.',
    (counts) => Object.entries(counts.executionSeconds).map(([type, ranges]) => [{ type }, ranges]),
  ),
];

function ofLevel(name: string, help: string, value: (level: Level) => number): FlowMetric {
  const read = ({ levels }: Levels, metricName: string): Sample[] =>
    levels.map((level) => ({ metricName, labels: { priority_level: level.name }, value: value(level) }));
  return { name, type: 'gauge', help, read };
}

function sharesOfLevel(name: string, help: string, ranges: (of: Utilization) => [Labels, TimeRanges][]): FlowMetric {
  const read = ({ levels }: Levels, metricName: string): Sample[] =>
    levels.flatMap((level) =>
      ranges(level.queues.utilization).flatMap(([own, { ranges: each }]) =>
        bucketsOf(metricName, { ...own, priority_level: level.name }, each),
      ),
    );
  return { name, type: 'histogram', help, read };
}

const byLevel: readonly FlowMetric[] = [
  sharesOfLevel('priority_level_seat_utilization', 'Nanoseconds by the share of seats in use.', ({ seats }) => [
    [{ phase: 'executing' }, seats],
  ]),
  sharesOfLevel(
    'priority_level_request_utilization',
    'Nanoseconds by requests as a share of what there is room for.',
    ({ executing, waiting }) => [
      [{ phase: 'executing' }, executing],
      [{ phase: 'waiting' }, waiting],
    ],
  ),
  sharesOfLevel(
    'demand_seats',
    'Nanoseconds by seats that requests could use as a share of those that there are.',
    (of) => [[{}, of.demand]],
  ),
  ofLevel('nominal_limit_seats', "A level's own share of the seats.", ({ limits }) => limits.nominal),
  ofLevel('lower_limit_seats', 'Seats that a level keeps when it lends all that it may.', ({ limits }) => limits.least),
  ofLevel('upper_limit_seats', 'Seats of a level that borrows all that it may.', ({ limits }) => limits.most),
  ofLevel('current_limit_seats', 'Seats that a level has for now.', ({ queues }) => queues.limit),
  ofLevel(
    'demand_seats_high_watermark',
    'Highest demand for seats of the last period.',
    ({ demand }) => demand.highest,
  ),
  ofLevel('demand_seats_average', 'Average demand for seats of the last period.', ({ demand }) => demand.average),
  ofLevel(
    'demand_seats_stdev',
    'Standard deviation of the demand of the last period.',
    ({ demand }) => demand.deviation,
  ),
  ofLevel('demand_seats_smoothed', 'Demand for seats, smoothed.', ({ demand }) => demand.smoothed),
  ofLevel('target_seats', 'Seats that a level should have.', ({ target }) => target),
  ofLevel('current_r', 'Virtual time, in seat-seconds.', ({ queues }) => queues.virtualSeconds),
  {
    name: 'seat_fair_frac',
    type: 'gauge',
    help: 'Part of its target that each level gets whose bounds allow it.',
    read: ({ fairFraction }, metricName) => [{ metricName, labels: {}, value: fairFraction }],
  },
];
