import { cpus, loadavg, release, totalmem } from 'node:os';

/** The machine that figures depend on, in one line: processor, cores, memory, kernel, Node and how busy the machine is already. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() || 'unknown processor';
  const memoryGib = (totalmem() / 2 ** 30).toFixed(0);
  const load = loadavg()
    .map((average) => average.toFixed(1))
    .join(' ');
  return `${cpus().length} × ${model}, ${memoryGib} GiB, Linux ${release()}, Node ${process.version}, load ${load}`;
}
