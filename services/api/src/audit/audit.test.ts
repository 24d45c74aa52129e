import { expect, test } from 'vitest';
import { Audit, type AuditedRequest } from './audit.ts';
import { parsePolicy } from './policy.ts';

const user = { name: 'eve', uid: '', groups: [], extra: {} };

/** Tells of one request at a level. */
function tellAt(level: string) {
  const policy = parsePolicy(`{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: ${level}}]}`);
  // biome-ignore lint/suspicious/noExplicitAny: events are looked into as readers of the log do
  const events: any[] = [];
  const audit = new Audit(
    policy,
    (event) => events.push(event),
    () => 0,
  );
  const request = {
    ...{ id: 'an-id', uri: '/x', user, actsAs: user, sourceIp: '', userAgent: '', receivedAtMs: 0 },
    ...{ attempt: { type: 'path', verb: 'get', path: '/x' }, verdict: { decision: 'allow', reason: 'a rule' } },
  } as unknown as AuditedRequest;
  const begun = audit.begin(request)!;
  const end = (): unknown => {
    begun.stage('ResponseComplete', { code: 200 });
    return events.at(-1).annotations;
  };
  return { begun, end };
}

const ofAuthorization = { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': 'a rule' };

test('the first value of a key stays, and none replaces the decision', () => {
  const { begun, end } = tellAt('Metadata');
  begun.annotate('a/key', 'first');
  begun.annotate('a/key', 'second');
  begun.annotate('authorization.k8s.io/decision', 'forged');
  expect(end()).toEqual({ 'a/key': 'first', ...ofAuthorization });
});

test('annotations with the contents of objects are told only where objects are', () => {
  const withObjects = tellAt('Request');
  withObjects.begun.annotate('a/patch', 'a secret', 'Request');
  expect(withObjects.end()).toEqual({ 'a/patch': 'a secret', ...ofAuthorization });
  const without = tellAt('Metadata');
  without.begun.annotate('a/patch', 'a secret', 'Request');
  expect(without.end()).toEqual(ofAuthorization);
});

test('annotations beyond the bound are left out', () => {
  const { begun, end } = tellAt('Metadata');
  begun.annotate('too/long', 'x'.repeat(256 * 1024));
  begun.annotate('short/enough', 'x');
  expect(end()).toEqual({ 'short/enough': 'x', ...ofAuthorization });
});
