/** Sends the cases to a real kube-apiserver and writes its answers down. */
import { writeFile } from 'node:fs/promises';
import type { HookServer } from '@gantry/api/admission/testing/hook-server.ts';
import { builtIn } from '@gantry/model/built-in.ts';
import { applyMergePatch } from '@gantry/model/patch.ts';
import { parse } from 'yaml';
import { Settling, startHooks, withHooks } from './hooks.ts';
import { answerOf, madeOverHttp, type Send, sendHttp } from './http.ts';
import { Oracle } from './oracle.ts';
import { pathOf, pathOfNew } from './paths.ts';
import {
  type Answer,
  answerOnce,
  answersFile,
  type Case,
  casesOf,
  type Json,
  patchTypes,
  type Ref,
  type Step,
  subjectOf,
  tableAnswer,
  topics,
} from './request.ts';

/** Answers one step. */
async function answer(oracle: Oracle, hooks: HookServer, settling: Settling, step: Step): Promise<Answer> {
  if (step.http !== undefined) {
    const send: Send = async (method, path, { body, type, headers }) => {
      await settling.before(path);
      const given = await oracle.send(method, path, body, type, headers);
      settling.after(method, path, given.code);
      return given;
    };
    return sendHttp(step.http, withHooks(hooks, send));
  }
  const strict = 'fieldValidation=Strict';
  if (step.create !== undefined) return request(oracle, 'POST', `${pathOfNew(step.create)}?${strict}`, step.create);
  if (step.apply !== undefined) return apply(oracle, step.apply);
  if (step.update !== undefined) {
    const { name } = step.update.metadata as { name: string };
    return request(oracle, 'PUT', `${pathOfNew(step.update)}/${name}?${strict}`, step.update);
  }
  const { kind, name } = subjectOf(step)!;
  const path = pathOf(kind, name);
  if (step.replace !== undefined) {
    const { body: stored } = await oracle.send('GET', path);
    const subresource = step.replace.subresource === undefined ? '' : `/${step.replace.subresource}`;
    return request(oracle, 'PUT', `${path}${subresource}?${strict}`, applyMergePatch(stored, step.replace.set));
  }
  if (step.patch !== undefined) {
    const { type, body, subresource } = step.patch;
    const target = `${path}${subresource === undefined ? '' : `/${subresource}`}?${strict}`;
    return request(oracle, 'PATCH', target, body, patchTypes[type]);
  }
  if (step.until !== undefined) return answerOnce(step.until, () => request(oracle, 'GET', path));
  if (step.delete !== undefined) return request(oracle, 'DELETE', path, step.delete.options);
  return step.table === undefined ? request(oracle, 'GET', path) : table(oracle, path);
}

async function table(oracle: Oracle, path: string): Promise<Answer> {
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const { body } = await oracle.send('GET', path, undefined, 'application/json', accept);
  const { columnDefinitions, rows } = body as {
    columnDefinitions: { name: string; priority: number }[];
    rows: { cells: unknown[] }[];
  };
  const columns = columnDefinitions.map(({ name, priority }) => ({ name, wide: priority > 0 }));
  return tableAnswer(columns, rows[0]!.cells);
}

async function request(oracle: Oracle, method: string, path: string, body?: unknown, type?: string): Promise<Answer> {
  return answerOf(await oracle.send(method, path, body, type));
}

async function apply(oracle: Oracle, manifest: Json | string): Promise<Answer> {
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  const result = await oracle.kubectl(['apply', '-f', '-', '-o', 'json'], text);
  // kubectl words refusals of its own; only that there is one is compared.
  if (result.failed) return { code: 400, message: result.stderr };
  return { code: 200, object: JSON.parse(result.stdout) as Json };
}

/** Removes what a case left behind. */
async function clean(oracle: Oracle, settling: Settling, { steps }: Case, answers: readonly Answer[]): Promise<void> {
  const named = madeBy(steps).map(({ kind, name, namespace }) => pathOf(kind, name, namespace));
  // Configurations of admission go first: they might keep all else from going.
  const isConfiguration = (path: string): boolean => path.includes('admissionregistration');
  const all = [...named, ...madeOverHttp(steps, answers)];
  const paths = [...all.filter(isConfiguration), ...all.filter((path) => !isConfiguration(path))];
  for (const path of new Set(paths)) {
    await settling.before(path);
    const { code } = await oracle.send(
      'PATCH',
      path,
      { metadata: { finalizers: null } },
      'application/merge-patch+json',
    );
    if (code === 404) continue;
    const options = { gracePeriodSeconds: 0, propagationPolicy: 'Background' };
    settling.after('DELETE', path, (await oracle.send('DELETE', path, options)).code);
  }
}

function madeBy(steps: readonly Step[]): (Ref & { namespace: string })[] {
  const objects = steps.flatMap(({ create, apply, update }) => {
    const applied = typeof apply === 'string' ? readable(apply) : apply;
    return [create, applied, update].filter((object) => object !== undefined);
  });
  const named = objects.flatMap((object) => {
    const { name, namespace = 'default' } = (object.metadata ?? {}) as { name?: string; namespace?: string };
    const known = builtIn.find(String(object.kind)) !== undefined;
    return typeof name !== 'string' || !known || object.kind === 'Namespace'
      ? []
      : [{ kind: String(object.kind), name, namespace }];
  });
  return [...named, ...steps.flatMap((step) => subjectOf(step) ?? []).map((ref) => ({ ...ref, namespace: 'default' }))];
}

/** The object in a manifest that can be read. */
function readable(text: string): Json | undefined {
  try {
    return parse(text, { merge: true, uniqueKeys: false }) as Json;
  } catch {
    return undefined;
  }
}

/** Records all topics, or those that are named. */
export async function record(peers: string, names: readonly string[]): Promise<void> {
  await using oracle = await Oracle.start(peers);
  using hooks = await startHooks();
  const settling = new Settling();
  for (const topic of names.length === 0 ? topics() : names) {
    const answers: Record<string, Answer[]> = {};
    for (const one of casesOf(topic)) {
      const list: Answer[] = [];
      for (const step of one.steps) list.push(await answer(oracle, hooks, settling, step));
      answers[one.name] = list;
      await clean(oracle, settling, one, list);
    }
    await writeFile(answersFile(topic), `${JSON.stringify(answers, null, 1)}\n`);
    const requests = Object.values(answers).reduce((sum, list) => sum + list.length, 0);
    console.log(`${topic}: ${Object.keys(answers).length} cases, ${requests} requests`);
  }
}

const flags = process.argv.slice(2);
if (flags[0] === '--record') {
  const { PEERS } = process.env;
  if (PEERS === undefined)
    throw new Error('PEERS must name the folder whose bin/ holds etcd, kube-apiserver and kubectl');
  await record(PEERS, flags.slice(1));
} else {
  console.error('usage: npm run differential -- --record [TOPIC...]');
  process.exitCode = 2;
}
