import { readFile } from 'node:fs/promises';
import { run } from './commands.ts';

/** Makes mounts below a directory (volumes in memory, for example) show up in mount namespaces that are made from now on. */
export async function shareMounts(directory: string): Promise<void> {
  if (mountPoints(await readFile('/proc/self/mountinfo', 'utf8')).includes(directory)) return;
  await run('mount', ['--bind', directory, directory]);
  await run('mount', ['--make-shared', directory]);
}

/** Unmounts everything at or below a directory, the last mount first. */
export async function unmountBelow(directory: string): Promise<void> {
  const points = mountPoints(await readFile('/proc/self/mountinfo', 'utf8'));
  const below = points.filter((point) => point === directory || point.startsWith(`${directory}/`));
  // Detached, because a process that is just ending may still be in there.
  for (const point of below.toReversed()) await run('umount', ['--lazy', point]);
}

/** Mount points in the text of /proc/<pid>/mountinfo, in the order in which they were mounted. Blanks in paths are written in octal. */
export function mountPoints(mountinfo: string): string[] {
  const lines = mountinfo.split('\n').filter((line) => line !== '');
  return lines.map((line) =>
    line
      .split(' ')[4]!
      .replace(/\\([0-7]{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
  );
}
