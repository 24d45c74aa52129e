import type { DeletionRequest } from '../../core/deletion.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { userInfoOf } from '../../rest/virtual/self-subject-review.ts';
import type { AdmissionAttempt } from '../chain.ts';
import { namespaceOf, type Place } from '../matching/places.ts';

/** Versions of AdmissionReview that are spoken. */
const versions = ['v1', 'v1beta1'] as const;

export type ReviewVersion = (typeof versions)[number];

/** The first of the versions that a webhook reads that is spoken here; undefined where there is none. */
export function versionFor(accepted: readonly string[]): ReviewVersion | undefined {
  return accepted.find((version): version is ReviewVersion => versions.includes(version as ReviewVersion));
}

/** Facts of an attempt, as webhooks get them and as policies see them. */
export interface RequestFacts {
  readonly place: Place;
  /** The form that the client asked for. */
  readonly requested: Place;
  readonly object: AnyObject | undefined;
  readonly oldObject: AnyObject | undefined;
}

/** The request of a review but for its objects. */
export function requestOf(attempt: AdmissionAttempt, { place, requested }: Pick<RequestFacts, 'place' | 'requested'>) {
  const { request, operation, name } = attempt;
  const { subresource } = request;
  const namespace = namespaceOf(attempt);
  return {
    kind: place.type,
    resource: resourceIn(place),
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: requested.type,
    requestResource: resourceIn(requested),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: userInfoOf(request.user),
    dryRun: request.dryRun,
    options: optionsOf(attempt),
  };
}

/** The question to a webhook. */
export function reviewOf(version: ReviewVersion, uid: string, attempt: AdmissionAttempt, facts: RequestFacts): object {
  const { object = null, oldObject = null } = facts;
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: { uid, ...requestOf(attempt, facts), object, oldObject },
  };
}

function resourceIn({ group, version, resource }: Place): object {
  return { group, version, resource };
}

const optionKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: '' } as const;

/** The options of a request as its client named them. */
function optionsOf({ operation, request, options = {} }: AdmissionAttempt): object | null {
  const kind = optionKinds[operation];
  if (kind === '') return null;
  const type = { kind, apiVersion: 'meta.k8s.io/v1' };
  const dryRun = request.dryRun ? { dryRun: ['All'] } : {};
  if (operation !== 'DELETE') return { ...type, ...dryRun, ...request.named };
  const { gracePeriodSeconds, propagationPolicy, uid, resourceVersion } = options as DeletionRequest;
  const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
  return {
    ...{ ...type, ...dryRun },
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
    ...(propagationPolicy ? { propagationPolicy } : {}),
  };
}

/** The answer of a webhook. */
export interface ReviewAnswer {
  readonly allowed: boolean;
  /** Operations of a JSON patch; undefined where there is none. */
  readonly patch: string | undefined;
  readonly patchType: string;
  readonly result: ReviewResult | undefined;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** Kubernetes' Status in an answer. */
export interface ReviewResult {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: object;
}

type Fields = Readonly<Record<string, unknown>>;

/** Thrown for an answer that is none, or that lies. Its message is Kubernetes'. */
export class ReviewProblem extends Error {
  /** True where the answer could not be read at all. */
  readonly isUnreadable: boolean;

  constructor(message: string, isUnreadable = false) {
    super(message);
    this.isUnreadable = isUnreadable;
  }
}

/** Reads an answer. Throws a ReviewProblem. */
export function answerIn(
  given: unknown,
  { version, uid, isMutating }: { readonly version: ReviewVersion; readonly uid: string; readonly isMutating: boolean },
): ReviewAnswer {
  const review = reviewIn(given);
  const response = optional(review, 'response', (value) => fieldsOf(value, 'AdmissionReview', 'response'));
  const answer = response && typed(response);
  if (answer === undefined) throw new ReviewProblem('webhook response was absent');
  if (version === 'v1') checkV1(review, answer, uid, isMutating);
  const hasPatch = isMutating && answer.patch !== '';
  return {
    ...answer,
    patch: hasPatch ? answer.patch : undefined,
    // The first version did not look at the type: there is one alone.
    patchType: version === 'v1' ? (answer.patchType ?? '') : 'JSONPatch',
  };
}

/** The fields of an answer that is a review of any version. */
function reviewIn(given: unknown): Fields {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const type =
      'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    const text = `json: cannot unmarshal ${typeName(given)} into Go value of type ${type}`;
    throw new ReviewProblem(`couldn't get version/kind; json parse error: ${text}`, true);
  }
  const { apiVersion = '', kind = '' } = given as Fields;
  const isKnown = ['', ...versions.map((version) => `admission.k8s.io/${version}`)].includes(String(apiVersion));
  if (isKnown && ['', 'AdmissionReview'].includes(String(kind))) return given as Fields;
  const problem = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`;
  throw new ReviewProblem(problem, true);
}

function checkV1(review: Fields, answer: Typed, uid: string, isMutating: boolean): void {
  const { patch, patchType } = answer;
  if (answer.uid !== uid) {
    throw new ReviewProblem(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answer.uid)}`);
  }
  const { apiVersion = '', kind = '' } = review;
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') {
    const got = `${String(apiVersion).includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
    throw new ReviewProblem(`expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${got}`);
  }
  if (!isMutating) {
    if (patch !== '') throw new ReviewProblem('validating webhook may not return response.patch');
    if (patchType !== undefined) throw new ReviewProblem('validating webhook may not return response.patchType');
    return;
  }
  if (patch !== '' && patchType === undefined) {
    throw new ReviewProblem('webhook returned response.patch but not response.patchType');
  }
  if (patch === '' && patchType !== undefined) {
    throw new ReviewProblem('webhook returned response.patchType but not response.patch');
  }
  if (patchType === '') throw new ReviewProblem('webhook returned invalid response.patchType of ""');
}

interface Typed extends Omit<ReviewAnswer, 'patch' | 'patchType'> {
  readonly uid: string;
  readonly patch: string;
  readonly patchType: string | undefined;
}

/** The fields of a response, each of its type. */
function typed(response: Fields): Typed {
  const text = (name: string): string | undefined => optional(response, name, (value) => textOf(value, name));
  const encoded = text('patch') ?? '';
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) {
    throw new ReviewProblem('illegal base64 data at input byte 0', true);
  }
  return {
    uid: text('uid') ?? '',
    allowed: optional(response, 'allowed', (value) => boolean(value, 'allowed')) ?? false,
    patch: Buffer.from(encoded, 'base64').toString(),
    patchType: text('patchType'),
    result: optional(response, 'status', resultOf),
    warnings: optional(response, 'warnings', (value) => textsOf(value, 'warnings')) ?? [],
    auditAnnotations: optional(response, 'auditAnnotations', (value) => textMap(value, 'auditAnnotations')) ?? {},
  };
}

function resultOf(value: unknown): ReviewResult {
  const fields = fieldsOf(value, 'AdmissionResponse', 'response.status');
  const text = (name: string): string | undefined => optional(fields, name, (each) => textOf(each, `status.${name}`));
  const [status, message, reason] = [text('status'), text('message'), text('reason')];
  const code = optional(fields, 'code', (each) => {
    if (typeof each === 'number' && Number.isInteger(each)) return each;
    throw mismatch(each, 'Status', 'response.status.code', 'int32');
  });
  const details = optional(fields, 'details', (each) => fieldsOf(each, 'Status', 'response.status.details'));
  return {
    ...(status === undefined ? {} : { status }),
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    ...(code === undefined ? {} : { code }),
    ...(details === undefined ? {} : { details }),
  };
}

/** A field that may be absent or null. */
function optional<T>(fields: Fields, name: string, read: (value: unknown) => T): T | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return value === undefined || value === null ? undefined : read(value);
}

function fieldsOf(value: unknown, struct: string, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw mismatch(value, struct, path, 'v1.AdmissionReview');
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw mismatch(value, 'AdmissionResponse', `response.${name}`, 'string');
}

function textsOf(value: unknown, name: string): string[] {
  if (Array.isArray(value)) return value.map((each) => textOf(each, name));
  throw mismatch(value, 'AdmissionResponse', `response.${name}`, '[]string');
}

function textMap(value: unknown, name: string): Record<string, string> {
  const fields = fieldsOf(value, 'AdmissionResponse', `response.${name}`);
  return Object.fromEntries(Object.entries(fields).map(([key, each]) => [key, textOf(each, name)]));
}

function boolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw mismatch(value, 'AdmissionResponse', `response.${name}`, 'bool');
}

/** A type as Go's decoder names it. */
function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value;
}

function mismatch(value: unknown, struct: string, path: string, type: string): ReviewProblem {
  const given = typeName(value);
  const at = path === '' ? 'value' : `struct field ${struct}.${path}`;
  return new ReviewProblem(`json: cannot unmarshal ${given} into Go ${at} of type ${type}`, true);
}
