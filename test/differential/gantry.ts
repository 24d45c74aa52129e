/** Sends the steps of a case to a Gantry api in this process, as an edge would. */
import type { HookServer } from '@gantry/api/admission/testing/hook-server.ts';
import { ownContext } from '@gantry/api/core/context.ts';
import type { AnyObject } from '@gantry/api/core/stored-object.ts';
import type { TestApi } from '@gantry/api/testing/harness.ts';
import { builtIn } from '@gantry/model/built-in.ts';
import { codecFor } from '@gantry/model/codec.ts';
import { printedColumns } from '@gantry/model/columns.ts';
import { decodeObject } from '@gantry/model/decode.ts';
import { applyMergePatch } from '@gantry/model/patch.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { reasonTable, toGantryError } from '@gantry/runtime/errors.ts';
import { expect } from 'vitest';
import { withHooks } from './hooks.ts';
import { sendHttp, toGantry } from './http.ts';
import { type Answer, answerOnce, type Json, type Ref, type Step, subjectOf, tableAnswer } from './request.ts';

const admin = { name: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] };
const context = ownContext(admin, new AbortController().signal, 'differential');
const [ok, created] = [200, 201];

/** Answers one step. */
export async function answer({ api }: Pick<TestApi, 'api'>, step: Step, hooks: HookServer): Promise<Answer> {
  if (step.http !== undefined) return sendHttp(step.http, withHooks(hooks, toGantry(api)));
  const { until } = step;
  if (until !== undefined) return answerOnce(until, () => answer({ api }, { get: until }, hooks));
  try {
    if (step.table !== undefined) return printed(await api.resources.get(context, refOf(step.table)));
    const { code, object } = await perform(api.resources, step);
    if (object !== undefined) expectSameOverTheWire(object);
    return { code, ...(object === undefined ? {} : { object: object as Json }) };
  } catch (error) {
    const { reason, message, causes } = toGantryError(error);
    if (reason === 'InternalError') throw error;
    return { code: reasonTable[reason].http, reason, message, ...(causes.length > 0 ? { causes } : {}) };
  }
}

type Resources = TestApi['api']['resources'];

async function perform(api: Resources, step: Step): Promise<{ readonly code: number; readonly object?: AnyObject }> {
  if (step.create !== undefined)
    return { code: created, object: await api.create(context, decoded(step.create), false) };
  if (step.update !== undefined) return { code: ok, object: await api.update(context, decoded(step.update), false) };
  if (step.apply !== undefined) {
    const text = typeof step.apply === 'string' ? step.apply : JSON.stringify(step.apply);
    return { code: ok, object: (await api.apply(context, Buffer.from(text), 'default', false)).object };
  }
  const ref = refOf(subjectOf(step)!);
  if (step.replace !== undefined) {
    const { set, subresource } = step.replace;
    const next = decoded(applyMergePatch(structuredClone(await api.get(context, ref)), set) as Json);
    return { code: ok, object: await api.update(context, next, false, subresource) };
  }
  if (step.patch !== undefined) {
    const { type, body, subresource = '' } = step.patch;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return { code: ok, object: await api.patch(context, { ...ref, subresource }, { type, body: text, dryRun: false }) };
  }
  if (step.delete !== undefined) {
    const { preconditions, ...options } = (step.delete.options ?? {}) as { preconditions?: object };
    const { object, gone } = await api.delete(context, ref, { ...options, ...preconditions }, false);
    return { code: ok, ...(gone ? {} : { object }) };
  }
  return { code: ok, object: await api.get(context, ref) };
}

/** The row that `get -o wide` prints of an object. */
function printed(object: AnyObject): Answer {
  const columns = printedColumns(builtIn.kindOfObject(object), true);
  return tableAnswer(
    columns.map(({ name, wide = false }) => ({ name, wide })),
    columns.map(({ cell }) => cell(object, Date.now())),
  );
}

/** An object as an edge decodes it; it goes to the default namespace where it names none. */
function decoded(value: Json): AnyObject {
  const object = decodeObject(value) as AnyObject;
  if (builtIn.kindOfObject(object).namespaced) object.metadata.namespace ||= 'default';
  return object;
}

function refOf({ kind: word, name }: Ref): { resource: string; namespace: string; name: string } {
  const kind = builtIn.find(word)!;
  return { resource: resourceOf(kind), namespace: kind.namespaced ? 'default' : '', name };
}

/** One form is stored, compared and sent: bytes carry neither less nor more than the object. */
function expectSameOverTheWire(object: AnyObject): void {
  const codec = codecFor(builtIn.kindOfObject(object).message);
  const { apiVersion, kind } = object;
  expect({ apiVersion, kind, ...(codec.decode(codec.encode(object)) as object) }).toEqual(object);
}
