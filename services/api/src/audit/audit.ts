import type { Attempt, Verdict } from '../auth/authorization.ts';
import type { User } from '../auth/user.ts';
import { userInfoOf } from '../rest/virtual/self-subject-review.ts';
import { levels, type Policy, type Stage, type Told } from './policy.ts';

/** A request as the audit log sees it when its user is known. */
export interface AuditedRequest {
  readonly id: string;
  /** With its query. */
  readonly uri: string;
  /** The user that authenticated. */
  readonly user: User;
  /** The user that the request is taken as; the same where it acts as nobody else. */
  readonly actsAs: User;
  readonly attempt: Attempt;
  readonly verdict: Verdict;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly receivedAtMs: number;
}

/** The end of a request. */
export interface AuditedEnd {
  readonly code: number;
  /** A Status, if the request failed. */
  readonly status?: object | undefined;
  /** The object in the request's body; undefined where it has none that can be read. */
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
}

/** Characters of the annotations of one request, keys and values together; one that finds no room is left out. */
const maxAnnotationChars = 256 * 1024;

/** Makes events of requests by a policy. */
export class Audit {
  readonly #policy: Policy;
  readonly #write: (event: object) => void;
  readonly #nowMs: () => number;

  constructor(policy: Policy, write: (event: object) => void, nowMs: () => number) {
    this.#policy = policy;
    this.#write = write;
    this.#nowMs = nowMs;
  }

  /** Begins to tell of a request; undefined for one that the policy keeps out of the log. */
  begin(request: AuditedRequest): RequestAudit | undefined {
    const told = this.#policy.evaluate(request.user, request.attempt);
    if (told.level === 'None') return undefined;
    const audit = new RequestAudit(request, told, this.#write, this.#nowMs);
    audit.stage('RequestReceived');
    return audit;
  }
}

/** The events of one request. */
export class RequestAudit {
  readonly #request: AuditedRequest;
  readonly #told: Told;
  readonly #write: (event: object) => void;
  readonly #nowMs: () => number;
  readonly #annotations = new Map<string, string>();
  #annotationChars = 0;

  constructor(request: AuditedRequest, told: Told, write: (event: object) => void, nowMs: () => number) {
    this.#request = request;
    this.#told = told;
    this.#write = write;
    this.#nowMs = nowMs;
  }

  /** True if the objects of requests are told. */
  get tellsRequest(): boolean {
    return levels.indexOf(this.#told.level) >= levels.indexOf('Request');
  }

  /** True if the objects of answers are told. */
  get tellsResponse(): boolean {
    return this.#told.level === 'RequestResponse';
  }

  /**
   * Adds an annotation to the events that follow. The first value of a key stays, as in Kubernetes.
   * One with the contents of objects names `Request`: it is left out of events that tell no objects.
   */
  annotate(key: string, value: string, level: 'Metadata' | 'Request' = 'Metadata'): void {
    if (level === 'Request' && !this.tellsRequest) return;
    const chars = key.length + value.length;
    if (this.#annotations.has(key) || this.#annotationChars + chars > maxAnnotationChars) return;
    this.#annotations.set(key, value);
    this.#annotationChars += chars;
  }

  /** Tells of a stage, unless the policy omits it. */
  stage(stage: Stage, end?: AuditedEnd): void {
    if (this.#told.omitStages.includes(stage)) return;
    const { id, uri, user, actsAs, attempt, verdict, sourceIp, userAgent, receivedAtMs } = this.#request;
    const decision = verdict.decision === 'allow' ? 'allow' : 'forbid';
    this.#write({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: this.#told.level,
      auditID: id,
      stage,
      requestURI: uri,
      verb: attempt.verb,
      user: userInfoOf(user),
      ...(actsAs === user ? {} : { impersonatedUser: userInfoOf(actsAs) }),
      sourceIPs: [sourceIp],
      userAgent,
      ...objectRefOf(attempt),
      ...(end === undefined ? {} : { responseStatus: { metadata: {}, ...end.status, code: end.code } }),
      ...(this.tellsRequest ? told('requestObject', end?.requestObject, this.#told) : {}),
      ...(this.tellsResponse ? told('responseObject', end?.responseObject, this.#told) : {}),
      requestReceivedTimestamp: microTime(receivedAtMs),
      stageTimestamp: microTime(this.#nowMs()),
      ...(stage === 'RequestReceived'
        ? {}
        : {
            annotations: {
              ...Object.fromEntries(this.#annotations),
              'authorization.k8s.io/decision': decision,
              'authorization.k8s.io/reason': verdict.reason,
            },
          }),
    });
  }
}

function objectRefOf(attempt: Attempt): object {
  if (attempt.type === 'path') return {};
  const { resource, namespace, name, group: apiGroup, version: apiVersion, subresource } = attempt;
  const parts = { resource, namespace, name, apiGroup, apiVersion, subresource };
  return { objectRef: Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== '')) };
}

function told(field: string, object: unknown, { omitManagedFields }: Told): object {
  if (object === undefined) return {};
  return { [field]: omitManagedFields ? withoutManagedFields(object) : object };
}

function withoutManagedFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { metadata, items, ...rest } = value as { metadata?: unknown; items?: unknown };
  const own = typeof metadata === 'object' && metadata !== null ? { ...metadata, managedFields: undefined } : metadata;
  return {
    ...rest,
    ...(metadata === undefined ? {} : { metadata: own }),
    ...(items === undefined ? {} : { items: Array.isArray(items) ? items.map(withoutManagedFields) : items }),
  };
}

/** A time in milliseconds since the epoch, in the form of Kubernetes' MicroTime. */
function microTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000Z`;
}
