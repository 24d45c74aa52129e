/** Anything that requests are sent by. */
interface Named {
  readonly name: string;
}

/** Does something for each name, so many at once, and prints how fast that was. */
export async function timed(
  load: Named,
  what: string,
  names: readonly string[],
  inFlight: number,
  act: (name: string) => Promise<unknown>,
): Promise<void> {
  const latencies: number[] = [];
  const startedMs = performance.now();
  await quietly(names, inFlight, async (name) => {
    const sentMs = performance.now();
    await act(name);
    latencies.push(performance.now() - sentMs);
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  row(load, what, `${(names.length / seconds).toFixed(0)}/s`, latencies);
}

/** Does something for each name, so many at once. */
export async function quietly(
  names: readonly string[],
  inFlight: number,
  act: (name: string) => Promise<unknown>,
): Promise<void> {
  const queue = names[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (const name of queue) await act(name);
  };
  await Promise.all(Array.from({ length: inFlight }, work));
}

/** Prints a figure with its latencies, in milliseconds. */
export function row({ name }: Named, what: string, rate: string, latencies: number[]): void {
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share: number): string =>
    `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)} ms`;
  const columns = [
    name.padEnd(28),
    what.padEnd(20),
    rate.padStart(9),
    `p50 ${at(0.5)}`.padStart(14),
    `p99 ${at(0.99)}`.padStart(15),
  ];
  console.log(columns.join(' '));
}
