import { builtIn } from '@gantry/model/built-in.ts';
import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../../core/stored-object.ts';
import { attemptOn } from '../authorization.ts';
import { nodeAuthorizer } from './authorizer.ts';
import { nodeRestriction } from './restriction.ts';

const kind = builtIn.kindOf('certificates.k8s.io', 'PodCertificateRequest')!;
const user = { name: 'system:node:one', groups: ['system:nodes', 'system:authenticated'] };
const none = { hasPod: () => false, refersTo: () => false, usesVolume: () => false };
const authorize = nodeAuthorizer(none, []);

const asked = (verb: string, fieldSelector?: string, subresource = '') => {
  const resource = `podcertificaterequests.certificates.k8s.io${subresource}`;
  return authorize(user, attemptOn(verb, resource, { namespace: 'default', fieldSelector })).decision;
};

describe("nodes' requests for certificates of pods", () => {
  it('are made by nodes, watched by the node that they name, and decided by others', () => {
    expect(asked('create')).toBe('allow');
    expect(asked('watch', 'spec.nodeName=one')).toBe('allow');
    expect(asked('watch', 'spec.nodeName=two')).toBe('no opinion');
    expect(asked('list')).toBe('no opinion');
    expect(asked('delete')).toBe('no opinion');
    expect(asked('update', undefined, '/status')).toBe('no opinion');
  });

  it('name the node that makes them', () => {
    const write = (nodeName: string): void =>
      nodeRestriction(user, {
        ...{ kind, verb: 'create', subresource: '', namespace: 'default', name: '', stored: undefined },
        object: { metadata: { name: 'r' }, spec: { nodeName } } as unknown as AnyObject,
      });
    expect(() => write('one')).not.toThrow();
    expect(() => write('two')).toThrow('which is not the requesting node "one"');
  });
});
