import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { buildImage, type ImageSpec, imageTar } from './image.ts';

const spec: ImageSpec = {
  name: 'example.com/app:2',
  architecture: 'amd64',
  layers: [
    [
      { kind: 'directory', path: 'bin' },
      { kind: 'file', path: 'bin/app', content: '#!/bin/sh\n', mode: 0o755 },
      { kind: 'symlink', path: 'bin/link', target: 'app' },
    ],
  ],
  entrypoint: ['/bin/app'],
  env: { MODE: 'test' },
  user: '1000',
};

async function filesOf(tar: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    files.set(entry.header.name, Buffer.concat(chunks));
  }
  return files;
}

describe('images', () => {
  it('are the same bytes every time', async () => {
    const [first, second] = await Promise.all([imageTar([await buildImage(spec)]), imageTar([await buildImage(spec)])]);
    expect(first.equals(second)).toBe(true);
    const other = await buildImage({ ...spec, env: { MODE: 'other' } });
    expect(other.manifest.descriptor.digest).not.toBe((await buildImage(spec)).manifest.descriptor.digest);
  });

  it('are OCI layouts whose digests hold', async () => {
    const image = await buildImage(spec);
    const files = await filesOf(await imageTar([image]));
    const index = JSON.parse(String(files.get('index.json')));
    expect(index.manifests).toEqual([
      {
        ...image.manifest.descriptor,
        annotations: { 'io.containerd.image.name': 'example.com/app:2', 'org.opencontainers.image.ref.name': '2' },
      },
    ]);
    const blobs = [...files].filter(([name, content]) => name.startsWith('blobs/sha256/') && content.length > 0);
    expect(blobs).toHaveLength(3);
    for (const [name, content] of blobs)
      expect(name).toBe(`blobs/sha256/${createHash('sha256').update(content).digest('hex')}`);
    const manifest = JSON.parse(String(image.manifest.content));
    const config = JSON.parse(String(files.get(`blobs/sha256/${manifest.config.digest.slice(7)}`)));
    expect(config).toMatchObject({
      architecture: 'amd64',
      os: 'linux',
      config: { User: '1000', Entrypoint: ['/bin/app'] },
    });
    expect(config.config.Env).toContain('MODE=test');
    expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest]);
  });

  it('hold files with their modes, and links', async () => {
    const { blobs } = await buildImage(spec);
    const headers: unknown[] = [];
    for await (const entry of Readable.from([blobs[1]!.content]).pipe(extract())) {
      headers.push([entry.header.name, entry.header.type, entry.header.mode, entry.header.linkname]);
      entry.resume();
    }
    expect(headers).toEqual([
      ['bin', 'directory', 0o755, null],
      ['bin/app', 'file', 0o755, null],
      ['bin/link', 'symlink', 0o777, 'app'],
    ]);
  });
});
