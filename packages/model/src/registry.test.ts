import { describe, expect, it } from 'vitest';
import { builtIn, builtInKinds, kindOf } from './built-in.ts';
import type { Kind, KubeObject } from './kind.ts';
import { Registry, type RegistryChange } from './registry.ts';

/** A kind of another group with the names of the built-in Service. */
const otherService: Kind = {
  ...(kindOf('ConfigMap') as unknown as Kind),
  kind: 'Service',
  group: 'serving.example.com',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  objectField: '',
};

/** A kind that is served in two forms of its group and in one of another. */
const widget: Kind = {
  ...otherService,
  kind: 'Widget',
  group: 'example.com',
  version: 'v2',
  plural: 'widgets',
  singular: 'widget',
  shortNames: [],
  versions: [
    { ...forms(), group: 'example.com', version: 'v1', message: 'example.v1.Widget' },
    { ...forms(), group: 'old.example.com', version: 'v1', message: 'old.v1.Widget' },
  ],
};

function forms() {
  return { toStored: (object: KubeObject) => object, fromStored: (object: KubeObject) => object };
}

describe('Registry', () => {
  it('knows every built-in kind by type, path, resource, field and word', () => {
    for (const kind of builtInKinds) {
      const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
      const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
      expect(builtIn.formOf({ apiVersion, kind: kind.kind })).toMatchObject({ apiVersion, resource });
      expect(builtIn.kindOf(kind.group, kind.kind)).toBe(kind);
      expect(builtIn.served(apiVersion, kind.plural)?.kind).toBe(kind);
      expect(builtIn.kindOfResource(resource)).toBe(kind);
      expect(builtIn.kindOfObjectField(kind.objectField)).toBe(kind);
      for (const word of [resource, kind.singular, kind.kind, ...kind.shortNames]) {
        expect(builtIn.find(word)).toBe(kind);
      }
    }
  });

  it('refuses what it does not know, and names it', () => {
    expect(() => builtIn.formOf({ apiVersion: 'apps/v2', kind: 'Deployment' })).toThrow(
      'no matches for kind "Deployment" in version "apps/v2"',
    );
    expect(() => builtIn.kindOfResource('services.serving.example.com')).toThrow(
      `the server doesn't have a resource type "services.serving.example.com"`,
    );
    expect(builtIn.served('apps/v2', 'deployments')).toBeUndefined();
    expect(builtIn.kindOf('serving.example.com', 'Service')).toBeUndefined();
  });

  it('keeps kinds of two groups with the same names apart; the word is that of the first', () => {
    const registry = new Registry([...builtInKinds, otherService]);
    const service = registry.kindOf('', 'Service');
    expect(service).toBe(kindOf('Service'));
    expect(registry.kindOf('serving.example.com', 'Service')).toBe(otherService);
    expect(registry.kindOfResource('services.serving.example.com')).toBe(otherService);
    expect(registry.find('services.serving.example.com')).toBe(otherService);
    expect(registry.find('svc')).toBe(service);
  });

  it('has every form of a kind; a resource is served in its stored form first', () => {
    const registry = new Registry([widget]);
    expect(registry.forms.map(({ apiVersion }) => apiVersion)).toEqual([
      'example.com/v2',
      'example.com/v1',
      'old.example.com/v1',
    ]);
    expect(registry.formOfResource('widgets.example.com')).toMatchObject({ version: 'v2', conversion: undefined });
    expect(registry.formOfResource('widgets.old.example.com')).toMatchObject({ message: 'old.v1.Widget' });
    expect(registry.served('example.com/v1', 'widgets')?.conversion).toBe(widget.versions![0]);
    expect(registry.kindOfObject({ apiVersion: 'old.example.com/v1', kind: 'Widget' })).toBe(widget);
  });

  it('takes kinds and lets them go while it is used, and tells its listeners until they leave', () => {
    const registry = new Registry(builtInKinds);
    const changes: RegistryChange[] = [];
    const listening = registry.onChange((change) => changes.push(change));
    registry.add(widget);
    expect(registry.find('widget')).toBe(widget);
    registry.remove(widget);
    expect(registry.find('widget')).toBeUndefined();
    expect(registry.served('old.example.com/v1', 'widgets')).toBeUndefined();
    expect(registry.kindOf('example.com', 'Widget')).toBeUndefined();
    registry.remove(widget);
    listening[Symbol.dispose]();
    registry.add(widget);
    expect(changes).toEqual([
      { type: 'added', kind: widget },
      { type: 'removed', kind: widget },
    ]);
  });

  it('refuses a kind whose type is taken, and stays as it was', () => {
    const registry = new Registry([widget]);
    const thief = { ...otherService, kind: 'Widget', group: 'old.example.com', version: 'v1', plural: 'thieves' };
    expect(() => registry.add(thief)).toThrow('thieves.old.example.com is served already');
    expect(registry.kinds).toEqual([widget]);
    expect(registry.find('thieves')).toBeUndefined();
  });
});
