import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A process of this machine. */
export interface HostProcess {
  readonly pid: number;
  readonly parentPid: number;
  /** Clock ticks after boot; with the pid it names one process for good, because pids are used again. */
  readonly startTime: number;
  readonly command: readonly string[];
}

/** The process, or undefined where it is gone or a zombie. */
export async function readProcess(pid: number): Promise<HostProcess | undefined> {
  try {
    const [stat, command] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    const parsed = parseStat(stat);
    if (parsed === undefined || parsed.state === 'Z' || parsed.state === 'X') return undefined;
    return { pid, parentPid: parsed.parentPid, startTime: parsed.startTime, command: command.split('\0').slice(0, -1) };
  } catch {
    return undefined;
  }
}

/** State, parent and start from the text of /proc/<pid>/stat. The name in it is in brackets and may hold anything. */
export function parseStat(text: string): { state: string; parentPid: number; startTime: number } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid, startTime] = [fields[0], fields[1], fields[19]];
  if (state === undefined || parentPid === undefined || startTime === undefined) return undefined;
  return { state, parentPid: Number(parentPid), startTime: Number(startTime) };
}

/** All processes of the machine. */
export async function listProcesses(): Promise<HostProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return (await Promise.all(pids.map(readProcess))).filter((each) => each !== undefined);
}

/** The processes inside a network namespace. */
export async function processesInNamespace(namespacePath: string): Promise<HostProcess[]> {
  const inode = await stat(namespacePath).then(
    (found) => found.ino,
    () => undefined,
  );
  if (inode === undefined) return [];
  const name = `net:[${inode}]`;
  const all = await listProcesses();
  const inside = await Promise.all(
    all.map(async ({ pid }) => (await readlink(`/proc/${pid}/ns/net`).catch(() => '')) === name),
  );
  return all.filter((_, index) => inside[index]);
}

/** The processes and all that descend from them, from a list of all. */
export function withDescendants(roots: readonly HostProcess[], all: readonly HostProcess[]): HostProcess[] {
  const found = new Map(roots.map((each) => [each.pid, each]));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const each of all) if (found.has(each.parentPid)) found.set(each.pid, each);
  }
  return [...found.values()];
}

/** Signals a process unless it is gone or its pid belongs to another one now. */
export async function signalProcess(process_: HostProcess, signal: NodeJS.Signals): Promise<void> {
  if ((await readProcess(process_.pid))?.startTime !== process_.startTime) return;
  try {
    process.kill(process_.pid, signal);
  } catch {
    // It ended in between.
  }
}

/** Resolves to true once the process is gone, to false when that took longer than `timeoutMs`. */
export async function waitForExit(process_: HostProcess, timeoutMs: number, pollMs = 20): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while ((await readProcess(process_.pid))?.startTime === process_.startTime) {
    if (performance.now() > deadline) return false;
    await delay(pollMs);
  }
  return true;
}
