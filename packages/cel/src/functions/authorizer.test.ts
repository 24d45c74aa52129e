import { describe, expect, it } from 'vitest';
import { compile } from '../compile.ts';
import { environment } from '../environment.ts';
import { typed } from '../types/declaration.ts';
import { libraryType } from '../types/signature.ts';
import { type AuthorizationCheck, authorizerValue, resourceCheckValue } from './authorizer.ts';

const place = environment({
  authorizer: typed(libraryType('authorizer')),
  'authorizer.requestResource': typed(libraryType('resourceCheck')),
});

function ask(text: string): {
  readonly answer: unknown;
  readonly checks: readonly AuthorizationCheck[];
  readonly cost: number;
} {
  const checks: AuthorizationCheck[] = [];
  const authorize = (check: AuthorizationCheck) => {
    checks.push(check);
    const allowed = check.verb === 'get';
    return {
      allowed,
      reason: allowed ? 'a role says so' : '',
      error: check.verb === 'break' ? 'no connection' : undefined,
    };
  };
  const compilation = compile(text, place);
  if ('problems' in compilation) throw new Error(compilation.problems);
  const about = { group: 'apps', resource: 'deployments', subresource: '', namespace: 'shop', name: 'web' };
  const outcome = compilation.program.evaluate({
    authorizer: authorizerValue(authorize),
    'authorizer.requestResource': resourceCheckValue(authorize, about),
  });
  return { answer: 'error' in outcome ? outcome.error : outcome.value, checks, cost: outcome.cost };
}

describe('the authorizer', () => {
  it('is asked about resources', () => {
    const text =
      "authorizer.group('').resource('pods').subresource('log').namespace('a').name('b').fieldSelector('x=y').labelSelector('l').check('get').allowed()";
    const { answer, checks, cost } = ask(text);
    expect(answer).toBe(true);
    expect(cost).toBeGreaterThan(350_000);
    expect(checks).toEqual([
      {
        serviceAccount: undefined,
        verb: 'get',
        path: undefined,
        group: '',
        resource: 'pods',
        subresource: 'log',
        namespace: 'a',
        name: 'b',
        fieldSelector: 'x=y',
        labelSelector: 'l',
      },
    ]);
  });

  it('is asked about paths, and on behalf of service accounts', () => {
    expect(ask("authorizer.path('/healthz').check('post').allowed()")).toMatchObject({
      answer: false,
      checks: [{ path: '/healthz', verb: 'post' }],
    });
    expect(ask("authorizer.serviceAccount('ns', 'sa').group('').resource('pods').check('get').reason()")).toMatchObject(
      {
        answer: 'a role says so',
        checks: [{ serviceAccount: { namespace: 'ns', name: 'sa' } }],
      },
    );
    expect(ask("authorizer.requestResource.check('break').errored()")).toMatchObject({
      answer: true,
      checks: [{ group: 'apps', resource: 'deployments', namespace: 'shop', name: 'web' }],
    });
    expect(ask("authorizer.requestResource.check('break').error()").answer).toBe('no connection');
    expect(ask("authorizer.requestResource.check('get').error()").answer).toBe('');
  });

  it.each([
    ["authorizer.path(' ').check('get').allowed()", 'path must not be empty'],
    ["authorizer.group('').resource('').check('get').allowed()", 'resource must not be empty'],
    ["authorizer.serviceAccount('a.b', 'c').path('/x').check('get').allowed()", 'Invalid service account namespace'],
    ["authorizer.serviceAccount('a', 'C').path('/x').check('get').allowed()", 'Invalid service account name'],
  ])('refuses %s', (text, problem) => {
    expect(ask(text)).toMatchObject({ answer: problem, checks: [] });
  });

  it('is asked twice in one expression at most', () => {
    const once = "authorizer.path('/a').check('get').allowed()";
    expect(ask(`${once} && ${once}`).answer).toBe(true);
    expect(ask(`${once} && ${once} && ${once}`).answer).toBe('operation cancelled: actual cost limit exceeded');
  });
});
