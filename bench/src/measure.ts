/** Rate and latencies of calls. */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of this process for each call, in milliseconds: it tells most where others use the machine. */
  readonly cpuMs: number;
}

/** Runs `work` with so many in flight for `seconds`; work gets the number of its call. */
export async function measure(
  inFlight: number,
  seconds: number,
  work: (call: number) => Promise<unknown>,
): Promise<Figures> {
  const tookMs: number[] = [];
  let calls = 0;
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const untilMs = startedMs + seconds * 1_000;
  const lane = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const beganMs = performance.now();
      await work(calls++);
      tookMs.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const elapsedSeconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuMs = (user + system) / 1_000 / tookMs.length;
  tookMs.sort((a, b) => a - b);
  const quantile = (q: number): number => tookMs[Math.min(tookMs.length - 1, Math.floor(q * tookMs.length))]!;
  return { perSecond: tookMs.length / elapsedSeconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), cpuMs };
}
