import { isDeepStrictEqual } from 'node:util';
import { aggregatedRules } from '@gantry/model/kinds/clusterrole/aggregation.ts';
import type { Action, Controller, View } from '../core/action.ts';

/** Gives aggregated cluster roles the rules of their parts. A part may itself be aggregated: its change brings that of the whole. */
export const aggregationController: Controller = {
  name: 'clusterrole-aggregation-controller',
  watches: ['ClusterRole'],

  keysFor(_object, view: View): readonly string[] {
    // A role that lost a label was a part before: every whole is looked at.
    return [...view.list('ClusterRole')]
      .filter(({ aggregationRule }) => aggregationRule !== undefined)
      .map(({ metadata }) => metadata.name);
  },

  reconcile(name: string, view: View): readonly Action[] {
    const role = view.get('ClusterRole', undefined, name);
    if (role?.aggregationRule === undefined || role.metadata.deletionTimestamp !== undefined) return [];
    const rules = aggregatedRules(role, view.list('ClusterRole'));
    return isDeepStrictEqual(rules, role.rules ?? []) ? [] : [{ type: 'update', object: { ...role, rules } }];
  },
};
