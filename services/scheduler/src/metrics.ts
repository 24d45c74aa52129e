import type { MoveProgress } from '@gantry/client/placement-messages.ts';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { SchedulingCalls } from './binder.ts';
import type { CycleResult } from './decisions.ts';
import type { Scheduler } from './scheduler.ts';

/** Metrics of a scheduler. Names that begin with `scheduler_` are kube-scheduler's, with the same meaning. */
export interface SchedulerMetrics {
  /** A cycle took `seconds` to decide. */
  cycle(result: CycleResult, seconds: number): void;
  /** The api refused a binding. */
  refused(): void;
  /** A turn of the loop threw. */
  failed(): void;
  /** The same calls, with the time that bindings take measured. */
  timed(calls: SchedulingCalls): SchedulingCalls;
  /** The defragmenter evicted a pod, or the one in its place got a node, or neither. */
  moved(state: MoveProgress['state']): void;
  /** Whether this process is the one of its like that acts. */
  leading(leads: boolean): void;
}

/** From 10 microseconds, which a single pod takes, to 5 seconds. */
const secondsBuckets = [0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const podBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** Registers the metrics of a scheduler. */
export function createSchedulerMetrics(registry: Registry, scheduler: Scheduler): SchedulerMetrics {
  const registers = [registry];
  registerState(registers, scheduler);
  const { attempts, attemptSeconds, victims, moves, failures, leading } = registerCounters(registers);
  const { cycleSeconds, cyclePods, bindSeconds, bindPods } = registerHistograms(registers);
  leading.set(0);
  let lastCycleSeconds = 0;
  return {
    cycle({ tried, placements, evictions }, seconds) {
      lastCycleSeconds = seconds;
      const unschedulable = tried - placements.length;
      attempts.inc({ result: 'unschedulable' }, unschedulable);
      observe(attemptSeconds.labels('unschedulable'), seconds, unschedulable);
      cycleSeconds.observe(seconds);
      cyclePods.observe(tried);
      victims.inc(evictions.length);
    },
    failed: () => failures.inc(),
    refused: () => attempts.inc({ result: 'error' }),
    timed: (calls) => ({
      reportUnschedulable: (...given) => calls.reportUnschedulable(...given),
      evict: (...given) => calls.evict(...given),
      async bind(bindings, ...rest) {
        const startedMs = performance.now();
        const decidedSeconds = lastCycleSeconds;
        const results = await calls.bind(bindings, ...rest);
        const seconds = (performance.now() - startedMs) / 1_000;
        bindSeconds.observe(seconds);
        bindPods.observe(bindings.length);
        const scheduled = results.filter(({ code }) => code === 0).length;
        attempts.inc({ result: 'scheduled' }, scheduled);
        observe(attemptSeconds.labels('scheduled'), decidedSeconds + seconds, scheduled);
        return results;
      },
    }),
    moved: (state) => moves.inc({ state }),
    leading: (leads) => leading.set(leads ? 1 : 0),
  };
}

function registerCounters(registers: Registry[]) {
  return {
    attempts: new Counter({
      name: 'scheduler_schedule_attempts_total',
      help: 'Attempts to place pods, by result: scheduled, unschedulable, or error for a binding that the api refused.',
      labelNames: ['result'],
      registers,
    }),
    attemptSeconds: new Histogram({
      name: 'scheduler_scheduling_attempt_duration_seconds',
      help: 'Seconds of an attempt to place a pod, by result: deciding and binding.',
      labelNames: ['result'],
      buckets: secondsBuckets,
      registers,
    }),
    victims: new Counter({
      name: 'gantry_scheduler_preemption_victims_total',
      help: 'Pods whose eviction was decided to make room for others.',
      registers,
    }),
    moves: new Counter({
      name: 'gantry_scheduler_defrag_moves_total',
      help: 'Moves of the defragmenter, by how far they came: evicted, placed, failed.',
      labelNames: ['state'],
      registers,
    }),
    failures: new Counter({
      name: 'gantry_scheduler_loop_failures_total',
      help: 'Turns of the scheduling loop that threw; the loop goes on after each.',
      registers,
    }),
    leading: new Gauge({
      name: 'leader_election_master_status',
      help: '1 while this process acts, 0 while it stands by.',
      registers,
    }),
  };
}

function registerHistograms(registers: Registry[]) {
  const histogram = (name: string, help: string, buckets = secondsBuckets): Histogram =>
    new Histogram({ name, help, buckets, registers });
  return {
    cycleSeconds: histogram('scheduler_scheduling_algorithm_duration_seconds', 'Seconds that a cycle took to decide.'),
    cyclePods: histogram('gantry_scheduler_cycle_pods', 'Pods that a cycle looked at.', podBuckets),
    bindSeconds: histogram('scheduler_binding_duration_seconds', 'Seconds until the api answered a batch of bindings.'),
    bindPods: histogram('gantry_scheduler_bind_pods', 'Bindings in one call to the api.', podBuckets),
  };
}

/** Gauges of the present state, read when the metrics are collected. */
function registerState(registers: Registry[], scheduler: Scheduler): void {
  new Gauge({
    name: 'scheduler_pending_pods',
    help: 'Pods that wait, by queue: active, backoff, unschedulable, gated.',
    labelNames: ['queue'],
    registers,
    collect() {
      for (const [queue, depth] of Object.entries(scheduler.queue.depths())) this.set({ queue }, depth);
    },
  });
  new Gauge({
    name: 'scheduler_scheduler_cache_size',
    help: 'Nodes and pods that the scheduler knows.',
    labelNames: ['type'],
    registers,
    collect() {
      this.set({ type: 'nodes' }, scheduler.cluster.nodes.count);
      this.set({ type: 'pods' }, scheduler.podCount);
    },
  });
}

/** All pods of a batch share one time. */
function observe(histogram: { observe(value: number): void }, value: number, count: number): void {
  for (let times = 0; times < count; times++) histogram.observe(value);
}
