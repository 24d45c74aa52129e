/**
 * Sends every object in manifests that others wrote to a real kube-apiserver and to Gantry, and compares their answers:
 *
 *     PEERS=FOLDER scripts/node test/differential/corpus.ts MANIFESTS...
 *
 * Arguments are folders; every YAML and JSON file below them is read, and templates are passed over. Creates are dry runs with strict field
 * validation. Kinds that one of the two does not serve are counted apart.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { startTestApi } from '@gantry/api/testing/harness.ts';
import { builtIn } from '@gantry/model/built-in.ts';
import { parseAllDocuments } from 'yaml';
import { compared } from './comparable.ts';
import { sendHttp, toGantry } from './http.ts';
import { Oracle } from './oracle.ts';
import type { Answer, Json, Step } from './request.ts';

const folders = process.argv.slice(2);
const { PEERS: peers } = process.env;
if (!peers || folders.length === 0) {
  process.stderr.write('usage: PEERS=FOLDER scripts/node test/differential/corpus.ts MANIFESTS...\n');
  process.exit(2);
}

interface Found {
  readonly place: string;
  readonly object: Json;
}

const counts = { same: 0, taken: 0, other: 0, unknown: 0 };
await using oracle = await Oracle.start(peers);
await using gantry = await startTestApi({ rest: '127.0.0.1:0' });
const objects = folders.flatMap((folder) => [...manifestsIn(folder)]);
const known = objects.filter(({ object }) => isKnown(object));
counts.unknown = objects.length - known.length;
for (const name of new Set(known.map(({ object }) => namespaceOf(object)))) {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await both({ http: { method: 'POST', path: '/api/v1/namespaces', body } });
}
for (const { place, object } of known) await compare(place, object);
console.log(
  `${objects.length} objects, ${counts.unknown} of kinds that are not served here; answers: ${counts.same} the same (${counts.taken} taken, ${counts.same - counts.taken} refused), ${counts.other} others`,
);
process.exit(counts.other === 0 ? 0 : 1);

async function compare(place: string, object: Json): Promise<void> {
  const path = `${pathOf(object)}?dryRun=All&fieldValidation=Strict`;
  const step: Step = { http: { method: 'POST', path, body: object } };
  const [recorded, given] = await both(step);
  const [expected, actual] = compared(recorded, given, { create: object } as Step);
  if (isDeepStrictEqual(expected, actual)) {
    counts.same++;
    if (recorded.code < 300) counts.taken++;
    return;
  }
  counts.other++;
  const { name } = (object.metadata ?? {}) as { name?: string };
  console.log(
    `${place}: ${object.kind} ${name}\n  kube-apiserver: ${told(expected)}\n  Gantry:         ${told(actual)}`,
  );
}

async function both(step: Step): Promise<readonly [Answer, Answer]> {
  const toOracle = sendHttp(step.http!, (method, path, { body, type, headers }) =>
    oracle.send(method, path, body, type, headers),
  );
  return Promise.all([toOracle, sendHttp(step.http!, toGantry(gantry.api))]);
}

/** The path at which an object is created, in the version that it names. */
function pathOf(object: Json): string {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string };
  const { plural, namespaced } = builtIn.kindOfObject({ apiVersion, kind });
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${namespaced ? `/namespaces/${encodeURIComponent(namespaceOf(object))}` : ''}/${plural}`;
}

function told({ code, message, object, causes }: Answer): string {
  return JSON.stringify({ code, message, causes, object }).slice(0, 1_500);
}

function isKnown({ apiVersion, kind }: Json): boolean {
  try {
    return builtIn.kindOfObject({ apiVersion: String(apiVersion), kind: String(kind) }) !== undefined;
  } catch {
    return false;
  }
}

function namespaceOf({ metadata }: Json): string {
  const { namespace } = (metadata ?? {}) as { namespace?: unknown };
  return typeof namespace === 'string' && namespace !== '' ? namespace : 'default';
}

function* manifestsIn(folder: string): Generator<Found> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(ya?ml|json)$/.test(entry.name)) continue;
    const place = join(entry.parentPath, entry.name);
    for (const object of objectsIn(readFileSync(place, 'utf8'))) yield { place, object };
  }
}

function objectsIn(text: string): Json[] {
  // Templates of Helm and their like are no manifests.
  if (text.includes('{{')) return [];
  try {
    return parseAllDocuments(text, { merge: true, uniqueKeys: false, logLevel: 'silent' }).flatMap((document) =>
      document.errors.length > 0 ? [] : flat(document.toJS() as unknown),
    );
  } catch {
    return [];
  }
}

/** The objects in a document, which may be a list. */
function flat(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  const { apiVersion, kind, items } = value as Json;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return [];
  return kind.endsWith('List') && Array.isArray(items) ? items.flatMap(flat) : [value as Json];
}
