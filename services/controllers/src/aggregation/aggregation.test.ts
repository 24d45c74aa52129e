import type { ClusterRole, PolicyRule } from '@gantry/model/gen/gantry.rbac.v1.ts';
import { describe, expect, it } from 'vitest';
import { fakeView } from '../testing/fake-view.ts';
import { aggregationController } from './aggregation.ts';

const rule = (resource: string): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });

function role(name: string, rules: PolicyRule[], labels: Record<string, string> = {}, of?: string): ClusterRole {
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { in: of ?? '' } }] };
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, uid: name, resourceVersion: '1', labels },
    rules,
    ...(of === undefined ? {} : { aggregationRule }),
  };
}

const whole = (rules: PolicyRule[]): ClusterRole => role('whole', rules, {}, 'whole');
const part = (name: string, ...resources: string[]): ClusterRole => role(name, resources.map(rule), { in: 'whole' });

function rulesAfter(...roles: ClusterRole[]): PolicyRule[] | undefined {
  const [action] = aggregationController.reconcile('whole', fakeView(roles), 0);
  return action?.type === 'update' ? (action.object as ClusterRole).rules : undefined;
}

describe('an aggregated cluster role', () => {
  it('has the rules of its parts in order of their names, each once', () => {
    expect(rulesAfter(whole([]), part('b', 'pods', 'nodes'), part('a', 'pods'), role('c', [rule('secrets')]))).toEqual([
      rule('pods'),
      rule('nodes'),
    ]);
  });

  it('loses rules that no part has, those of its own among them', () => {
    expect(rulesAfter(whole([rule('secrets')]), part('a', 'pods'))).toEqual([rule('pods')]);
    expect(rulesAfter(whole([rule('pods')]))).toEqual([]);
  });

  it('stays as it is where nothing changed', () => {
    expect(rulesAfter(whole([rule('pods')]), part('a', 'pods'))).toBeUndefined();
  });

  it('is looked at when any role changes, also one that is a part no more', () => {
    const view = fakeView([whole([]), role('a', [])]);
    expect(aggregationController.keysFor(role('a', []), view)).toEqual(['whole']);
    expect(aggregationController.reconcile('a', view, 0)).toEqual([]);
  });
});
