import { type GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import { builtIn } from './built-in.ts';
import { decodeManifest } from './decode.ts';
import { brokenManifests } from './testing/broken-manifests.ts';
import { completeNew } from './validation/object.ts';

function errorOf(manifest: string | Uint8Array): GantryError | undefined {
  try {
    const object = decodeManifest(manifest);
    if (builtIn.kindOfObject(object).namespaced) object.metadata.namespace ??= 'default';
    completeNew(builtIn.kindOfObject(object), object);
    return undefined;
  } catch (error) {
    return toGantryError(error);
  }
}

describe('broken manifests', () => {
  it.each(brokenManifests.map((each) => [each.name, each] as const))('%s', (_name, { manifest, problem, reason }) => {
    const error = errorOf(manifest);
    expect(error?.message).toContain(problem);
    expect(error?.reason).toBe(reason);
  });

  it('may name a namespace that cannot be', () => {
    const error = errorOf('{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: a.b}}');
    expect(error).toMatchObject({ reason: 'Invalid', message: expect.stringContaining('metadata.namespace') });
  });

  it('are about a hundred, each of another kind', () => {
    expect(brokenManifests.length).toBeGreaterThanOrEqual(100);
    expect(new Set(brokenManifests.map(({ name }) => name)).size).toBe(brokenManifests.length);
  });
});
