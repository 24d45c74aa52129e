import type { LogsRequest } from '@gantry/client/pod-messages.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type LogPosition, readLog, tailPosition } from '../logs/files.ts';
import { LineSplitter, LogFormatter, parseEntry } from '../logs/line.ts';
import type { Pods } from '../pods/pods.ts';
import { reportedStatuses } from '../pods/spec.ts';
import type { ObservedContainer } from '../runtime/runtime.ts';
import { containerNameOf, findPod } from './target.ts';

/** How often a log that is followed looks for the next instance of its container, in milliseconds. */
const nextInstanceMs = 200;
const wholeLog: LogPosition = { rotated: true, offset: 0 };

/** Log of a container, as users read it. With `follow` it goes on over restarts of the container until the pod ends. */
export async function* containerLogs(
  pods: Pods,
  request: LogsRequest,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { sinceSeconds, timestamps = false, limitBytes } = request;
  checkRequest(request);
  const sinceMs = sinceSeconds === undefined ? undefined : clock.now() - sinceSeconds * 1_000;
  const lines = instanceLogs(pods, request, clock, signal);
  let left = limitBytes ?? Number.POSITIVE_INFINITY;
  const formatter = new LogFormatter({ ...(sinceMs === undefined ? {} : { sinceMs }), timestamps });
  for await (const batch of lines) {
    const texts = batch.flatMap((line) => {
      const entry = parseEntry(line);
      return (entry === undefined ? undefined : formatter.format(entry)) ?? [];
    });
    const text = Buffer.concat(texts);
    if (text.length > 0) yield text.subarray(0, Math.min(text.length, left));
    left -= text.length;
    if (left <= 0 || signal.aborted) return;
  }
}

function checkRequest({ tailLines, sinceSeconds, limitBytes }: LogsRequest): void {
  const positive = (field: string, value: number | undefined, least: number): void => {
    if (value !== undefined && value < least) {
      throw new GantryError('Invalid', `${field}: Invalid value: ${value}: must be greater than or equal to ${least}`);
    }
  };
  positive('tailLines', tailLines, 0);
  positive('sinceSeconds', sinceSeconds, 1);
  positive('limitBytes', limitBytes, 1);
}

/** The lines of one instance, and with `follow` of those after it. */
async function* instanceLogs(
  pods: Pods,
  request: LogsRequest,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Buffer[]> {
  const { ref, follow = false, previous = false, tailLines } = request;
  const target = findPod(pods, ref.namespace, ref.pod);
  const name = containerNameOf(target, ref);
  const instances = target.instances(name).filter(({ state }) => state.kind !== 'created');
  const first = instances.at(previous ? -2 : -1);
  if (first === undefined) throw new GantryError('BadRequest', missingText(name, ref.pod, previous));
  const follows = follow && !previous;
  let from = tailLines === undefined ? wholeLog : await tailPosition(first.logPath, tailLines);
  // Lines that are written from now on are not among the last ones.
  let linesLeft = follows || tailLines === undefined ? Number.POSITIVE_INFINITY : tailLines;
  for (let instance: ObservedContainer | undefined = first; instance !== undefined; ) {
    const { id, logPath, attempt }: ObservedContainer = instance;
    const isOver = (): boolean =>
      !target.instances(name).some((other) => other.id === id && other.state.kind === 'running');
    const splitter = new LineSplitter();
    for await (const chunk of readLog(logPath, { from, ...(follows ? { isOver } : {}), clock, signal })) {
      const lines = [...splitter.push(chunk)].slice(0, linesLeft);
      yield lines;
      linesLeft -= lines.length;
      if (linesLeft <= 0) return;
    }
    instance = follows ? await nextInstance(pods, request, attempt, clock, signal) : undefined;
    from = wholeLog;
  }
}

/** The instance after one that ended; undefined where there will be none. */
async function nextInstance(
  pods: Pods,
  { ref }: LogsRequest,
  after: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<ObservedContainer | undefined> {
  while (!signal.aborted) {
    const worker = pods.find(ref.namespace, ref.pod);
    if (worker === undefined) return undefined;
    const target = findPod(pods, ref.namespace, ref.pod);
    const name = containerNameOf(target, ref);
    const next = target.instances(name).find(({ attempt, state }) => attempt > after && state.kind !== 'created');
    if (next !== undefined) return next;
    const statuses = reportedStatuses(worker.status);
    const state = statuses.find((status) => status.name === name)?.state;
    const ends =
      worker.pod.metadata.deletionTimestamp !== undefined ||
      ['Succeeded', 'Failed'].includes(worker.status?.phase ?? '');
    if (ends || (state?.terminated !== undefined && worker.pod.spec.restartPolicy === 'Never')) return undefined;
    if (state?.terminated?.exitCode === 0 && worker.pod.spec.restartPolicy === 'OnFailure') return undefined;
    await clock.sleep(nextInstanceMs, signal).catch(() => {});
  }
  return undefined;
}

function missingText(container: string, pod: string, previous: boolean): string {
  return previous
    ? `previous terminated container "${container}" in pod "${pod}" not found`
    : `container "${container}" in pod "${pod}" is waiting to start: ContainerCreating`;
}
