import { mkdir, mkdtemp, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeScratch } from './directories.ts';
import type { Mounter } from './mounter.ts';
import { descriptorPath, openSubPath } from './safe-path.ts';
import { mountSubPath } from './sub-path.ts';

let directory: string;
let volume: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gantry-subpath-'));
  volume = join(directory, 'volume');
  await mkdir(join(volume, 'a', 'b'), { recursive: true });
  await writeFile(join(directory, 'secret'), 'of the host');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** The path of what a subPath opens. */
async function opened(subPath: string): Promise<string> {
  await using handle = await openSubPath(volume, subPath);
  return await readlink(descriptorPath(handle));
}

describe('a subPath', () => {
  it('opens directories, files, and links that stay inside the volume', async () => {
    await writeFile(join(volume, 'a', 'file'), 'x');
    await symlink('a/file', join(volume, 'link'));
    expect(await opened('a/b')).toBe(join(volume, 'a', 'b'));
    expect(await opened('a/file')).toBe(join(volume, 'a', 'file'));
    expect(await opened('link')).toBe(join(volume, 'a', 'file'));
  });

  it("makes what is missing, with the volume's permissions", async () => {
    await makeScratch(volume, undefined);
    expect(await opened('new/deep')).toBe(join(volume, 'new', 'deep'));
    expect((await stat(join(volume, 'new', 'deep'))).mode & 0o777).toBe(0o777);
  });

  it.each([
    ['an absolute link', '/', 'link/etc/passwd'],
    ['a relative link', '../', 'link/secret'],
    ['a link to a link', 'other', 'link'],
    ['a link to a sibling whose name begins alike', '../volume-2', 'link'],
  ])('is refused where %s leads out of the volume', async (_what, target, subPath) => {
    await mkdir(join(directory, 'volume-2'));
    await symlink('/', join(volume, 'other'));
    await symlink(target, join(volume, 'link'));
    await expect(opened(subPath)).rejects.toThrow('leads out of its volume');
  });

  it('never opens anything outside while a container exchanges a directory and a link', async () => {
    await mkdir(join(directory, 'outside', 'b'), { recursive: true });
    await symlink(join(directory, 'outside'), join(volume, 'evil'));
    let over = false;
    let turns = 0;
    const swap = (async () => {
      while (!over) {
        // The agent makes the directory while it is away: then it is taken out of the way first.
        for (const [from, to] of [
          ['a', `parked-${turns}`],
          ['evil', 'a'],
          ['a', 'evil'],
          [`parked-${turns++}`, 'a'],
        ] as const) {
          await rename(join(volume, from), join(volume, to)).catch(() => {});
        }
      }
    })();
    const seen = { inside: 0, refused: 0 };
    for (let turn = 0; turn < 500; turn++) {
      const path = await opened('a/b/made').catch(() => undefined);
      if (path === undefined) seen.refused++;
      else if (path.startsWith(`${volume}/`)) seen.inside++;
      else throw new Error(`opened ${path}`);
    }
    over = true;
    await swap;
    expect(seen.inside).toBeGreaterThan(0);
    await expect(stat(join(directory, 'outside', 'b', 'made'))).rejects.toThrow('ENOENT');
  });

  it('is mounted as it was opened, on a path of its own', async () => {
    await writeFile(join(volume, 'file'), 'inside');
    const target = join(directory, 'mounts', '0');
    const calls: string[] = [];
    const mounter: Mounter = {
      async bind(source, at) {
        // A container exchanges the file just before the mount.
        await rm(join(volume, 'file'));
        await symlink(join(directory, 'secret'), join(volume, 'file'));
        calls.push(`${await readlink(source)} on ${at}`);
        await writeFile(at, await readFile(source));
      },
      tmpfs: async () => {},
      unmountBelow: async () => {},
    };
    await expect(mountSubPath({ mounter }, volume, 'file', target)).rejects.toThrow('something else was mounted');
    expect(calls).toEqual([`${join(volume, 'file')} (deleted) on ${target}`]);
    expect(await readFile(target, 'utf8')).toBe('inside');
  });
});

it('scratch space is given through no link', async () => {
  await mkdir(join(directory, 'outside'), { mode: 0o700 });
  await symlink(join(directory, 'outside'), join(directory, 'scratch'));
  await expect(makeScratch(join(directory, 'scratch'), undefined)).rejects.toThrow();
  expect((await stat(join(directory, 'outside'))).mode & 0o777).toBe(0o700);
});
