import { mkdir, mkdtemp, readFile, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeTree, systemMounter } from './mounter.ts';
import { mountSubPath } from './sub-path.ts';

const mounter = systemMounter;

describe('real mounts', () => {
  it('show what a subPath names, file or directory, and are gone before anything is removed', async () => {
    const root = await mkdtemp(join(tmpdir(), 'gantry-mounts-'));
    const volume = join(root, 'volume');
    await mkdir(join(volume, 'directory'), { recursive: true });
    await writeFile(join(volume, 'file'), 'hello');
    await writeFile(join(volume, 'directory', 'kept'), 'kept');
    const target = (name: string) => join(root, 'pod', 'volume-subpaths', name);
    await mountSubPath({ mounter }, volume, 'file', target('0'));
    await mountSubPath({ mounter }, volume, 'directory', target('1'));
    expect(await readFile(target('0'), 'utf8')).toBe('hello');
    // The next instance of the container mounts it anew.
    await mountSubPath({ mounter }, volume, 'directory', target('1'));
    expect(await readFile(join(target('1'), 'kept'), 'utf8')).toBe('kept');
    await expect(removeTree(join(root, 'pod'), undefined)).rejects.toThrow('is still mounted');
    await removeTree(join(root, 'pod'), mounter);
    await expect(stat(join(root, 'pod'))).rejects.toThrow('ENOENT');
    expect(await readFile(join(volume, 'directory', 'kept'), 'utf8')).toBe('kept');
    await removeTree(root, mounter);
  });

  it('of memory are no larger than asked for', async () => {
    const root = await mkdtemp(join(tmpdir(), 'gantry-mounts-'));
    const directory = join(root, 'memory');
    await mkdir(directory);
    await mounter.tmpfs(directory, { sizeBytes: 3 * 2 ** 20 });
    const { blocks, bsize } = await statfs(directory);
    expect(blocks * bsize).toBe(3 * 2 ** 20);
    await expect(writeFile(join(directory, 'big'), Buffer.alloc(4 * 2 ** 20))).rejects.toThrow('ENOSPC');
    await removeTree(root, mounter);
  });
});
