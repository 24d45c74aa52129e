import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage, type LayerEntry, writeImageTar } from '../../images/image.ts';
import { openImageStore } from './image-store.ts';

describe('image store', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gantry-images-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function importLayers(...layers: LayerEntry[][]): Promise<string> {
    const tar = join(directory, 'image.tar');
    await writeImageTar(tar, [
      await buildImage({ name: 'example.com/app:1', layers, entrypoint: ['/app'], env: { A: 'b' } }),
    ]);
    const store = openImageStore(join(directory, 'images'));
    expect(await store.images.importTar(tar)).toEqual(['example.com/app:1']);
    const image = await store.find('example.com/app:1');
    expect(image).toMatchObject({ entrypoint: ['/app'], env: expect.arrayContaining(['A=b']) });
    return image!.rootDirectory;
  }

  it('unpacks layers one over the other, with links and deletions', async () => {
    const root = await importLayers(
      [
        { kind: 'directory', path: 'etc' },
        { kind: 'file', path: 'etc/kept', content: 'old' },
        { kind: 'file', path: 'etc/gone', content: 'x' },
        { kind: 'symlink', path: 'etc/absolute', target: '/etc/kept' },
      ],
      [
        { kind: 'file', path: 'etc/kept', content: 'new' },
        { kind: 'file', path: 'etc/.wh.gone', content: '' },
      ],
    );
    expect(await readFile(join(root, 'etc/kept'), 'utf8')).toBe('new');
    expect(await readlink(join(root, 'etc/absolute'))).toBe('kept');
    await expect(readFile(join(root, 'etc/gone'))).rejects.toThrow('ENOENT');
  });

  it.each<[string, LayerEntry[]]>([
    ['a path', [{ kind: 'file', path: '../../evil', content: 'x' }]],
    ['a link', [{ kind: 'symlink', path: 'up', target: '../../../..' }]],
  ])('refuses %s that leads out of the image', async (_what, layer) => {
    await expect(importLayers(layer)).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringMatching(/leads out of the image/),
    });
    expect(await openImageStore(join(directory, 'images')).images.list()).toHaveLength(1);
  });

  it('writes nothing outside through links that entries before it made', async () => {
    const root = await importLayers([
      { kind: 'directory', path: 'a' },
      { kind: 'directory', path: 'a/b' },
      { kind: 'symlink', path: 'a/b/top', target: '/' },
      // By its name this lies three levels deep, by the link it lies in the root.
      { kind: 'symlink', path: 'a/b/top/up', target: '/' },
      { kind: 'file', path: 'up/evil', content: 'x' },
    ]);
    expect(await readlink(join(root, 'up'))).toBe('.');
    expect(await readFile(join(root, 'evil'), 'utf8')).toBe('x');
  });

  it('refuses what is no image', async () => {
    const store = openImageStore(join(directory, 'images'));
    const path = join(directory, 'noise');
    await writeFile(path, Buffer.alloc(2000, 7));
    await expect(store.images.importTar(path)).rejects.toMatchObject({ reason: 'Invalid' });
    // An empty tar is two blocks of zeros.
    await writeFile(path, Buffer.alloc(1024));
    await expect(store.images.importTar(path)).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringMatching(/no index.json/),
    });
    await expect(store.images.importTar(join(directory, 'none'))).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('knows the machine, directories and nothing else, and pulls nothing', async () => {
    const store = openImageStore(join(directory, 'images'));
    await mkdir(join(directory, 'root'));
    expect(await store.find('host')).toMatchObject({ rootDirectory: '/' });
    expect(await store.find(join(directory, 'root'))).toMatchObject({ rootDirectory: join(directory, 'root') });
    expect(await store.find(join(directory, 'none'))).toBeUndefined();
    await expect(store.images.pull('nginx')).rejects.toMatchObject({
      reason: 'FailedPrecondition',
      message: expect.stringMatching(/pulls nothing/),
    });
  });
});
