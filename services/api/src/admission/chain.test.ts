import { builtIn, genericKindOf } from '@gantry/model/built-in.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { expect, test } from 'vitest';
import { attemptOf } from '../core/admit.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { type AdmissionAttempt, AdmissionChain, type AdmissionStep } from './chain.ts';
import { quietRequest } from './testing.ts';

const kind = genericKindOf('ConfigMap');
const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'b' } } as AnyObject;
const attempt = (stored?: AnyObject): AdmissionAttempt =>
  attemptOf(quietRequest, { kind, form: builtIn.formOf(object), namespace: 'b', name: 'a', object, stored });

function step(name: string, told: string[], own: Partial<AdmissionStep> = {}): AdmissionStep {
  return {
    name,
    handles: () => true,
    mutate: async ({ isReinvocation }) => void told.push(`${name} mutates${isReinvocation ? ' again' : ''}`),
    validate: () => void told.push(`${name} validates`),
    ...own,
  };
}

test('all steps mutate, in their order, before any of them validates', async () => {
  const told: string[] = [];
  await new AdmissionChain([step('one', told), step('two', told)]).admit(attempt());
  expect(told).toEqual(['one mutates', 'two mutates', 'one validates', 'two validates']);
});

test('a step that does not handle an attempt is passed over', async () => {
  const told: string[] = [];
  const updates = step('updates', told, { handles: ({ operation }) => operation === 'UPDATE' });
  const chain = new AdmissionChain([updates]);
  await chain.admit(attempt());
  expect(told).toEqual([]);
  await chain.admit(attempt(object));
  expect(told).toEqual(['updates mutates', 'updates validates']);
});

test('a step may ask for one more pass, and for no more than one', async () => {
  const told: string[] = [];
  const insists = step('insists', told, {
    mutate: (at) => {
      told.push(`insists${at.isReinvocation ? ' again' : ''}`);
      at.wantsReinvocation = true;
    },
  });
  await new AdmissionChain([step('one', told), insists]).mutate(attempt());
  expect(told).toEqual(['one mutates', 'insists', 'one mutates again', 'insists again']);
});

test('a refusal ends the pass', async () => {
  const told: string[] = [];
  const refuses = step('refuses', told, {
    mutate: () => {
      throw new GantryError('Forbidden', 'no');
    },
  });
  await expect(new AdmissionChain([refuses, step('later', told)]).admit(attempt())).rejects.toThrow('no');
  expect(told).toEqual([]);
});

test('writes are accompanied by what each step adds', async () => {
  const adds = (key: string): AdmissionStep => ({
    name: key,
    handles: () => false,
    commit: ({ object: written }) =>
      written === undefined ? undefined : Promise.resolve({ operations: [{ type: 'check', key, expected: 1 }] }),
  });
  const chain = new AdmissionChain([adds('x'), adds('y')]);
  const write = { kind, dryRun: false, stored: undefined, attempt: 1 };
  const found = await chain.accompany({ ...write, object });
  expect(found.flatMap(({ operations }) => operations.map(({ key }) => key))).toEqual(['x', 'y']);
  expect(await chain.accompany({ ...write, object: undefined })).toEqual([]);
});
