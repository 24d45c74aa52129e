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
    expect(parts.map(({ text }) => text)).toEqual(['{"kind":"A"}', '{"kind":"B"}']);
  });

  it('takes the items of a list of one kind, which may leave their kind to the list', () => {
    const list = { apiVersion: 'v1', kind: 'ConfigMapList', items: [{ metadata: { name: 'a' } }, { kind: 'B', x: 1 }] };
    const parts = splitDocuments(JSON.stringify(list), 'x.yaml').map(({ text }) => JSON.parse(text));
    expect(parts).toEqual([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
      { kind: 'B', x: 1 },
    ]);
  });

  it('takes the items of lists in lists, and leaves alone what only looks like one', () => {
    const inner = { apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'p' } }] };
    const parts = splitDocuments(JSON.stringify({ kind: 'List', items: [inner, { kind: 'C' }] }), 'x.yaml');
    expect(parts.map(({ text }) => JSON.parse(text).kind)).toEqual(['Pod', 'C']);
    const text = 'kind: AllowList\nspec: {items: []}\n';
    expect(splitDocuments(text, 'x.yaml')).toEqual([{ text, source: 'x.yaml' }]);
  });

  it('keeps strings of list items that other versions of YAML take for something else', () => {
    const [item] = splitDocuments(
      'kind: List\nitems: [{kind: A, data: {a: "yes", "<<": "1:30", c: "012"}}]\n',
      'x.yaml',
    );
    expect(item!.text).toBe('{"kind":"A","data":{"a":"yes","<<":"1:30","c":"012"}}');
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
      (await readManifests([folder], recursive, 'apply')).map(({ text }) => text.trim());
    expect(await texts(false)).toEqual(['{"kind":"A"}', 'kind: B']);
    expect(await texts(true)).toEqual(['{"kind":"A"}', 'kind: B', 'kind: C']);
  });

  it('names a path that does not exist', async () => {
    const path = join(folder, 'none');
    await expect(readManifests([path], false, 'apply')).rejects.toThrow(`error: the path "${path}" does not exist`);
  });

  it('says that there is nothing to do', async () => {
    await expect(readManifests([join(folder, 'inner/../notes.txt')], false, 'delete')).resolves.toHaveLength(1);
    await writeFile(join(folder, 'empty'), '---\n');
    await expect(readManifests([join(folder, 'empty')], false, 'delete')).rejects.toThrow(
      'no objects passed to delete',
    );
  });
});
