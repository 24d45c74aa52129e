import { readFileSync } from 'node:fs';
import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askers, bindingsOfAskers, ownNamespace, questions, specOf } from './table.ts';

/** By question: everybody who may do it. */
const answers = JSON.parse(readFileSync(new URL('./answers.json', import.meta.url), 'utf8')) as Record<
  string,
  string[]
>;

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi({ rest: '127.0.0.1:0' });
  await post('/api/v1/namespaces', { metadata: { name: ownNamespace } });
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  for (const binding of bindingsOfAskers() as { kind: string; metadata: { namespace?: string } }[]) {
    const { namespace } = binding.metadata;
    const folder = namespace === undefined ? rbac : `${rbac}/namespaces/${namespace}`;
    await post(`${folder}/${binding.kind.toLowerCase()}s`, binding);
  }
});
afterAll(() => running?.[Symbol.asyncDispose]());

async function post(path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${running.api.restPort}${path}`, {
    method: 'POST',
    headers: { authorization: 'Bearer the-token-of-the-tests', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (response.status >= 300) throw new Error(JSON.stringify(answer));
  return answer;
}

async function allowedOf(question: string): Promise<string[]> {
  const allowed: string[] = [];
  for (const asker of askers) {
    const { status } = await post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: specOf(question, asker),
    });
    if ((status as { allowed: boolean }).allowed) allowed.push(asker.name);
  }
  return allowed;
}

describe('verb × resource × role, as a real kube-apiserver decides', () => {
  test('every question has its recorded answer', () => {
    expect(Object.keys(answers)).toEqual([...questions]);
  });

  test('a binding counts as soon as the api has seen it', async () => {
    // The last one that was made.
    await expect.poll(() => allowedOf('get pods own')).toContain('local holder of cluster-admin');
  });

  test.each(questions)('%s', async (question) => {
    expect(await allowedOf(question)).toEqual(answers[question]);
  });
});
