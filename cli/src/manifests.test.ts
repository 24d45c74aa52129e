import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifests, splitDocuments } from './manifests.ts';

describe('splitDocuments', () => {
  it('gives each document as it was written, and passes over empty ones', () => {
    const parts = splitDocuments('# first\nkind: A\nmode: 0644\n---\n---\n# second\nkind: B\n', 'x.yaml');
    expect(parts.map(({ text }) => text.trim())).toEqual(['kind: A\nmode: 0644', 'kind: B']);
    expect(parts[1]!.source).toBe('x.yaml, document 2');
  });

  it('takes the items of a list for themselves', () => {
    const parts = splitDocuments('kind: List\nitems:\n- kind: A\n- kind: B\n', 'x.yaml');
    expect(parts.map(({ text }) => text)).toEqual(['kind: A\n', 'kind: B\n']);
  });

  it('hands broken text on whole: the api says what is wrong with it', () => {
    expect(splitDocuments('a: [', 'x.yaml')).toEqual([{ text: 'a: [', source: 'x.yaml' }]);
  });
});

describe('readManifests', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gantry-manifests-'));
    await mkdir(join(folder, 'inner'));
    await writeFile(join(folder, 'b.yaml'), 'kind: B\n');
    await writeFile(join(folder, 'a.json'), '{"kind":"A"}');
    await writeFile(join(folder, 'notes.txt'), 'not a manifest');
    await writeFile(join(folder, 'inner/c.yml'), 'kind: C\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('reads folders in order of name, and what is below only where asked to', async () => {
    const texts = async (recursive: boolean): Promise<string[]> =>
      (await readManifests([folder], recursive)).map(({ text }) => text.trim());
    expect(await texts(false)).toEqual(['{"kind":"A"}', 'kind: B']);
    expect(await texts(true)).toEqual(['{"kind":"A"}', 'kind: B', 'kind: C']);
  });

  it('names a path that does not exist', async () => {
    await expect(readManifests([join(folder, 'none')], false)).rejects.toThrow('none" does not exist');
  });
});
