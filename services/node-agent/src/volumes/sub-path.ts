import { mkdir, readlink, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type Mounter, removeTree } from './mounter.ts';
import { descriptorPath, openSubPath } from './safe-path.ts';

/**
 * The path on the node that a container's subPath mount is made from. What was opened inside the volume is bind-mounted on `target`,
 * a path of the agent's own, so that the runtime finds exactly that, whatever a container makes of the volume meanwhile. Without a
 * mounter it is the path of what was opened.
 */
export async function mountSubPath(
  { mounter }: { readonly mounter?: Mounter },
  volume: string,
  subPath: string,
  target: string,
): Promise<string> {
  await using handle = await openSubPath(volume, subPath);
  if (mounter === undefined) return await readlink(descriptorPath(handle));
  const opened = await handle.stat();
  // An instance before this one has a mount of its own by now.
  await removeTree(target, mounter);
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  if (opened.isDirectory()) await mkdir(target);
  else await writeFile(target, '');
  await mounter.bind(descriptorPath(handle, process.pid), target);
  const mounted = await stat(target);
  if (mounted.dev === opened.dev && mounted.ino === opened.ino) return target;
  throw new GantryError('InternalError', `subPath ${JSON.stringify(subPath)}: something else was mounted`);
}
