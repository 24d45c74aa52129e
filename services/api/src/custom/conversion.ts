import type { ConvertObjects } from '@gantry/model/custom/stored-forms.ts';
import type { CustomResourceDefinition } from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { validateLabels } from '@gantry/model/validation/labels.ts';
import { validateAnnotations } from '@gantry/model/validation/metadata.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Callouts } from '../callout/client.ts';

/** Milliseconds that a webhook gets to convert objects: that of kube-apiserver. */
const timeoutMs = 30_000;
/** Versions of ConversionReview that are spoken. */
const reviewVersions = ['v1', 'v1beta1'];
const reviewGroup = 'apiextensions.k8s.io';

interface Deps {
  readonly callouts: Pick<Callouts, 'ask'>;
  /** A new uid. */
  readonly uid: () => string;
  /** Fires when no answer is wanted any more. */
  readonly signal: AbortSignal;
}

/** An answer of a webhook: nothing of it can be relied on. */
interface Review {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly response?: {
    readonly uid?: unknown;
    readonly result?: { readonly status?: unknown; readonly message?: unknown };
    readonly convertedObjects?: unknown;
  };
}

/**
 * Conversion by the webhook of a definition: all objects of a call go in one ConversionReview. Throws InternalError, in Kubernetes'
 * words, where the webhook does not answer, refuses, or gives back something else than was asked for; nothing is made of such an answer.
 */
export function webhookConversion({ spec }: CustomResourceDefinition, { callouts, uid, signal }: Deps): ConvertObjects {
  const { clientConfig = {}, conversionReviewVersions: taken = [] } = spec.conversion?.webhook ?? {};
  const version = taken.find((each) => reviewVersions.includes(each));
  return async (objects, desiredAPIVersion) => {
    const [first] = objects;
    if (first === undefined) return [];
    const about = `conversion webhook for ${first.apiVersion}, Kind=${first.kind}`;
    if (version === undefined) throw failure(`${about} failed: no supported conversion review versions`);
    const apiVersion = `${reviewGroup}/${version}`;
    const request = { uid: uid(), desiredAPIVersion, objects };
    const question = JSON.stringify({ kind: 'ConversionReview', apiVersion, request });
    const answer = await callouts.ask(clientConfig, question, { timeoutMs, signal }).catch((error: Error) => {
      throw failure(`${about} failed: ${error.message}`, error);
    });
    const converted = convertedIn((answer ?? {}) as Review, { version, uid: request.uid, about });
    if (converted.length !== objects.length) {
      throw failure(`${about} returned ${converted.length} objects, expected ${objects.length}`);
    }
    return objects.map((object, index) => {
      const where = `${about} returned invalid converted object at index ${index}`;
      return completed(object, converted[index], desiredAPIVersion, where);
    });
  };
}

function failure(message: string, cause?: Error): GantryError {
  return new GantryError('InternalError', message, { cause });
}

/** The objects of an answer to a review. */
function convertedIn(
  { apiVersion, kind, response }: Review,
  asked: { readonly version: string; readonly uid: string; readonly about: string },
): readonly unknown[] {
  const refuse = (problem: string): GantryError => failure(`${asked.about} failed: ${problem}`);
  const isStrict = asked.version === 'v1';
  const [expected, given] = [`${reviewGroup}/v1, Kind=ConversionReview`, `${apiVersion}, Kind=${kind}`];
  if (isStrict && given !== expected) throw refuse(`expected webhook response of ${expected}, got ${given}`);
  if (typeof response !== 'object' || response === null) throw refuse('no response provided');
  const { uid = '', result, convertedObjects } = response;
  if (isStrict && uid !== asked.uid) {
    throw refuse(`expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(uid)}`);
  }
  const { status = '', message = '' } = result ?? {};
  if (status !== 'Success') throw refuse(String(message) || `response.result.status was '${status}', not 'Success'`);
  return Array.isArray(convertedObjects) ? convertedObjects : [];
}

/**
 * A converted object with the metadata of the one that it was made of: a webhook may change labels and annotations, and nothing else
 * that identifies an object or that others rely on.
 */
function completed(object: KubeObject, converted: unknown, apiVersion: string, where: string): KubeObject {
  const refuse = (problem: string): GantryError => failure(`${where}: ${problem}`);
  if (typeof converted !== 'object' || converted === null) throw refuse('it is no object');
  const given = converted as Partial<KubeObject>;
  if (given.apiVersion !== apiVersion) {
    throw refuse(`invalid groupVersion (expected ${apiVersion}, received ${given.apiVersion})`);
  }
  if (given.kind !== object.kind) throw refuse(`invalid kind (expected ${object.kind}, received ${given.kind})`);
  const { metadata } = given;
  if (typeof metadata !== 'object' || metadata === null) throw refuse('missing metadata in converted object');
  for (const field of ['name', 'namespace', 'uid'] as const) {
    const [expected, received] = [object.metadata[field] ?? '', metadata[field] ?? ''];
    const word = field === 'uid' ? 'UID' : field;
    if (expected !== received) throw refuse(`must have the same ${word}: ${expected} != ${received}`);
  }
  const { labels, annotations, ...rest } = object.metadata;
  const kept = {
    ...textsIn(metadata, 'labels', refuse),
    ...textsIn(metadata, 'annotations', refuse),
  };
  const causes = [
    ...validateLabels(kept.labels, 'metadata.labels'),
    ...validateAnnotations(kept.annotations, 'metadata.annotations'),
  ];
  if (causes.length > 0) throw refuse(causes.map(({ field, message }) => `${field}: ${message}`).join(', '));
  return { ...given, apiVersion, kind: object.kind, metadata: { ...rest, ...kept } };
}

type Texts = Record<string, string>;

function textsIn<K extends 'labels' | 'annotations'>(
  metadata: object,
  field: K,
  refuse: (problem: string) => GantryError,
): { readonly [key in K]?: Texts } {
  const values = (metadata as Record<K, unknown>)[field];
  if (values === undefined || values === null) return {};
  if (typeof values !== 'object' || Array.isArray(values))
    throw refuse(`invalid metadata.${field} in converted object`);
  for (const [key, value] of Object.entries(values)) {
    if (typeof value !== 'string') throw refuse(`metadata.${field}[${key}] must be a string in converted object`);
  }
  return { [field]: values as Texts } as { readonly [key in K]?: Texts };
}
