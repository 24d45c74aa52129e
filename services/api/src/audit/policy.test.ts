import { describe, expect, test } from 'vitest';
import { attemptOn } from '../auth/authorization.ts';
import { parsePolicy } from './policy.ts';

const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';
const ann = { name: 'ann', groups: ['devs'] };
const pods = attemptOn('get', 'pods', { namespace: 'a', name: 'x' });

describe('a policy', () => {
  test.each([
    ['- {level: Metadata}', pods, 'Metadata'],
    ['- {level: None, users: [ann]}\n- {level: Request}', pods, 'None'],
    ['- {level: None, users: [bob]}\n- {level: Request}', pods, 'Request'],
    ['- {level: Request, userGroups: [devs], verbs: [get]}', pods, 'Request'],
    ['- {level: Request, verbs: [list]}', pods, 'None'],
    ['- {level: Request, namespaces: [a]}', pods, 'Request'],
    ['- {level: Request, namespaces: [b]}', pods, 'None'],
    ['- {level: Request, namespaces: [""]}', attemptOn('get', 'nodes'), 'Request'],
    ['- {level: Request, resources: [{group: "", resources: [pods]}]}', pods, 'Request'],
    ['- {level: Request, resources: [{group: "", resources: [pods]}]}', attemptOn('get', 'pods/log'), 'None'],
    ['- {level: Request, resources: [{group: "", resources: ["pods/*"]}]}', attemptOn('get', 'pods/log'), 'Request'],
    [
      '- {level: Request, resources: [{group: "*", resources: ["*/scale"]}]}',
      attemptOn('get', 'deployments.apps/scale'),
      'Request',
    ],
    ['- {level: Request, resources: [{group: apps}]}', attemptOn('get', 'deployments.apps'), 'Request'],
    ['- {level: Request, resources: [{group: "", resources: [pods], resourceNames: [y]}]}', pods, 'None'],
    [
      '- {level: Request, nonResourceURLs: ["/api*"]}',
      { type: 'path', verb: 'get', path: '/apis' } as const,
      'Request',
    ],
    ['- {level: Request, nonResourceURLs: ["*"]}', pods, 'None'],
    ['- {level: Request, resources: [{group: ""}]}', { type: 'path', verb: 'get', path: '/api' } as const, 'None'],
  ])('%s tells of %j: %s', (rules, attempt, level) => {
    expect(parsePolicy(`${head}rules:\n${rules}`).evaluate(ann, attempt).level).toBe(level);
  });

  test('stages are omitted for all rules, or for one', () => {
    const policy = parsePolicy(`${head}omitStages: [RequestReceived]\nrules: [{level: Metadata, omitStages: [Panic]}]`);
    expect(policy.evaluate(ann, pods).omitStages).toEqual(['RequestReceived', 'Panic']);
  });

  test.each([
    ['{}', 'no kind "undefined" is registered for version "undefined"'],
    [`${head}rules: []`, 'rules: Required value'],
    [`${head}rules: [{level: All}]`, 'rules[0].level: Unsupported value: "All"'],
    [`${head}rules: [{level: None, resource: x}]`, 'unknown field "rules[0].resource"'],
    [`${head}rules: [{level: None, omitStages: [Later]}]`, 'rules[0].omitStages: Unsupported value: "Later"'],
    [`${head}rules: [{level: None, users: ann}]`, 'rules[0].users: Invalid value: must be a list'],
    [`${head}rules: [{level: None, namespaces: [a], nonResourceURLs: [/x]}]`, 'rules cannot apply to both'],
  ])('%s is refused', (text, problem) => {
    expect(() => parsePolicy(text)).toThrow(problem);
  });
});
