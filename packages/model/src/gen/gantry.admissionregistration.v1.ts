// Generated from proto/ by `npm run generate`; not edited by hand.

import type { Condition, LabelSelector, ObjectMeta } from './gantry.meta.v1.ts';

/** Fields to merge into an object. */
export interface ApplyConfiguration {
  /** CEL expression of an Object with these fields. */
  expression?: string;
}

/** An annotation of audit events. */
export interface AuditAnnotation {
  /** Key; the policy's name and a slash come before it. */
  key?: string;
  /** CEL expression of the value; there is no annotation where it is null or empty. */
  valueExpression: string;
}

/** A fault of types in one expression. */
export interface ExpressionWarning {
  /** Path of the expression, such as "spec.validations[0].expression". */
  fieldRef: string;
  /** Description of the fault, for people. */
  warning: string;
}

/** A JSON patch of an object. */
export interface JSONPatch {
  /** CEL expression of a list of JSONPatch operations. */
  expression?: string;
}

/** A further condition on requests. */
export interface MatchCondition {
  /** Name of the condition, for messages; unique in its list. */
  name: string;
  /** CEL expression that is true for requests that fit. It sees object, oldObject, request, authorizer, and params where there are any. */
  expression: string;
}

/** Requests, chosen by namespace, by labels, and by operation and resource; all must fit. */
export interface MatchResources {
  /** Labels of the object's namespace, or of the object itself where it is a namespace. Everything fits the default, {}; so does what is in no namespace. */
  namespaceSelector?: LabelSelector;
  /** Labels of the object before or after the change. Everything fits the default, {}. */
  objectSelector?: LabelSelector;
  /** Operations and resources, of which one must fit. */
  resourceRules?: NamedRuleWithOperations[];
  /** Operations and resources, of which none may fit. */
  excludeResourceRules?: NamedRuleWithOperations[];
  /** "Exact": the request's own resource and version must fit; "Equivalent" (default): any form in which the same objects are served. */
  matchPolicy?: string;
}

/** Changes in CEL that are made to objects before they are stored. It holds where a binding says so. */
export interface MutatingAdmissionPolicy {
  apiVersion: string;
  kind: 'MutatingAdmissionPolicy';
  /** Identity. */
  metadata: ObjectMeta;
  /** The changes. */
  spec?: MutatingAdmissionPolicySpec;
}

/** Puts a mutating policy into force. */
export interface MutatingAdmissionPolicyBinding {
  apiVersion: string;
  kind: 'MutatingAdmissionPolicyBinding';
  /** Identity. */
  metadata: ObjectMeta;
  /** The policy, its parameters and where it holds. */
  spec?: MutatingAdmissionPolicyBindingSpec;
}

/** A policy, its parameters and where it holds. */
export interface MutatingAdmissionPolicyBindingSpec {
  /** Name of the policy. */
  policyName: string;
  /** Parameters, of the policy's paramKind. */
  paramRef?: ParamRef;
  /** Further bounds of the requests; all of the policy's where absent. */
  matchResources?: MatchResources;
}

/** The changes that are made. */
export interface MutatingAdmissionPolicySpec {
  /** Kind of the objects that hold the policy's parameters; it has none where absent. */
  paramKind?: ParamKind;
  /** Requests that the policy is about; with one rule at least, none of them about DELETE. */
  matchConstraints: MatchResources;
  /** Values that later expressions see as variables.NAME, in order. */
  variables?: Variable[];
  /** The changes, in order. */
  mutations: Mutation[];
  /** Treatment of requests for which an expression fails: "Fail" (default) refuses them, "Ignore" lets them pass. */
  failurePolicy?: string;
  /** Conditions that a request must meet for the policy to be about it; 64 at most. */
  matchConditions?: MatchCondition[];
  /** "Never" runs it once; "IfNeeded" runs it again where later policies or webhooks changed the object. */
  reinvocationPolicy: string;
}

/** A webhook that may change objects, or refuse them. */
export interface MutatingWebhook {
  /** Name as a domain of three parts or more, such as "sidecars.example.com"; unique in the configuration. */
  name: string;
  /** Address of the webhook. */
  clientConfig?: WebhookClientConfig;
  /** Requests that it is asked about; none where empty. */
  rules?: RuleWithOperations[];
  /** Treatment of requests while it cannot be asked: "Fail" (default) refuses them, "Ignore" lets them pass. */
  failurePolicy?: string;
  /** "Exact": a request's own resource and version must fit the rules; "Equivalent" (default): any form in which the same objects are served. */
  matchPolicy?: string;
  /** Labels of the object's namespace; everything fits the default, {}. */
  namespaceSelector?: LabelSelector;
  /** Labels of the object before or after the change; everything fits the default, {}. */
  objectSelector?: LabelSelector;
  /** "None", or "NoneOnDryRun": it does nothing else when asked about a dry run. */
  sideEffects: string;
  /** Seconds that it gets to answer, 1 to 30; by default 10. */
  timeoutSeconds?: number;
  /** Versions of AdmissionReview that it reads, the preferred one first. */
  admissionReviewVersions: string[];
  /** "Never" (default) asks it once; "IfNeeded" asks it again where later webhooks changed the object. */
  reinvocationPolicy?: string;
  /** Conditions that a request must meet, too; 64 at most. */
  matchConditions?: MatchCondition[];
}

/** Webhooks that may change objects before they are stored, or refuse them. */
export interface MutatingWebhookConfiguration {
  apiVersion: string;
  kind: 'MutatingWebhookConfiguration';
  /** Identity. */
  metadata: ObjectMeta;
  /** The webhooks; those that a request fits are asked one after another. */
  webhooks?: MutatingWebhook[];
}

/** One change. */
export interface Mutation {
  /** "ApplyConfiguration" or "JSONPatch": which of the other fields is set. */
  patchType: string;
  /** Fields to merge into the object, as in server-side apply. */
  applyConfiguration?: ApplyConfiguration;
  /** A JSON patch. */
  jsonPatch?: JSONPatch;
}

/** Operations on resources, or on single objects of them. */
export interface NamedRuleWithOperations {
  /** Names of the objects; all where empty. */
  resourceNames?: string[];
  /** "CREATE", "UPDATE", "DELETE", "CONNECT", or "*" alone for all of them. */
  operations?: string[];
  /** Groups of the api, "" for the core group; "*" alone is all of them. */
  apiGroups?: string[];
  /** Versions; "*" alone is all of them. */
  apiVersions?: string[];
  /** Resources in the plural: "pods", "pods/log" for a subresource, "pods/*", "* /scale", "*" for all without subresources, "* /*" for all. */
  resources?: string[];
  /** "Cluster", "Namespaced", or "*" (default) for both. */
  scope?: string;
}

/** Kind of the objects that hold parameters. */
export interface ParamKind {
  /** Its group and version, such as "rules.example.com/v1". */
  apiVersion?: string;
  /** Its name. */
  kind?: string;
}

/** Objects that hold parameters: one by name, or all that have some labels. */
export interface ParamRef {
  /** Name of one object. */
  name?: string;
  /** Its namespace; that of the request where empty. */
  namespace?: string;
  /** Labels of the objects; each of them is a set of parameters, and all must be met. */
  selector?: LabelSelector;
  /** Treatment of requests while there is no such object: "Allow" lets them pass, "Deny" goes by the policy's failurePolicy. */
  parameterNotFoundAction: string;
}

/** Resources by group, version and name; each field must fit. */
export interface Rule {
  /** Groups of the api, "" for the core group; "*" alone is all of them. */
  apiGroups?: string[];
  /** Versions; "*" alone is all of them. */
  apiVersions?: string[];
  /** Resources in the plural: "pods", "pods/log" for a subresource, "pods/*", "* /scale", "*" for all without subresources, "* /*" for all. */
  resources?: string[];
  /** "Cluster", "Namespaced", or "*" (default) for both. */
  scope?: string;
}

/** Operations on resources. */
export interface RuleWithOperations {
  /** "CREATE", "UPDATE", "DELETE", "CONNECT", or "*" alone for all of them. */
  operations?: string[];
  /** Groups of the api, "" for the core group; "*" alone is all of them. */
  apiGroups?: string[];
  /** Versions; "*" alone is all of them. */
  apiVersions?: string[];
  /** Resources in the plural: "pods", "pods/log" for a subresource, "pods/*", "* /scale", "*" for all without subresources, "* /*" for all. */
  resources?: string[];
  /** "Cluster", "Namespaced", or "*" (default) for both. */
  scope?: string;
}

/** A service that serves a webhook over TLS. */
export interface ServiceReference {
  /** Its namespace. */
  namespace: string;
  /** Its name. */
  name: string;
  /** Path of requests. */
  path?: string;
  /** Port of the service; by default 443. */
  port?: number;
}

/** Faults of types in a policy's expressions. */
export interface TypeChecking {
  /** One entry for each expression at fault. */
  expressionWarnings?: ExpressionWarning[];
}

/** Conditions in CEL that changes must meet. It holds where a binding says so. */
export interface ValidatingAdmissionPolicy {
  apiVersion: string;
  kind: 'ValidatingAdmissionPolicy';
  /** Identity. */
  metadata: ObjectMeta;
  /** The conditions. */
  spec?: ValidatingAdmissionPolicySpec;
  /** Observed state. */
  status?: ValidatingAdmissionPolicyStatus;
}

/** Puts a validating policy into force. */
export interface ValidatingAdmissionPolicyBinding {
  apiVersion: string;
  kind: 'ValidatingAdmissionPolicyBinding';
  /** Identity. */
  metadata: ObjectMeta;
  /** The policy, its parameters and where it holds. */
  spec?: ValidatingAdmissionPolicyBindingSpec;
}

/** A policy, its parameters and where it holds. */
export interface ValidatingAdmissionPolicyBindingSpec {
  /** Name of the policy. */
  policyName: string;
  /** Parameters, of the policy's paramKind. */
  paramRef?: ParamRef;
  /** Further bounds of the requests; all of the policy's where absent. */
  matchResources?: MatchResources;
  /** Consequences of a condition that is not met: "Deny", "Warn" (not beside Deny), "Audit". */
  validationActions: string[];
}

/** The conditions that changes must meet. */
export interface ValidatingAdmissionPolicySpec {
  /** Kind of the objects that hold the policy's parameters; it has none where absent. */
  paramKind?: ParamKind;
  /** Requests that the policy is about; with one rule at least. */
  matchConstraints: MatchResources;
  /** The conditions; each must be met. */
  validations?: Validation[];
  /** Treatment of requests for which an expression fails: "Fail" (default) refuses them, "Ignore" lets them pass. */
  failurePolicy?: string;
  /** Annotations of the request's audit event; 20 at most. */
  auditAnnotations?: AuditAnnotation[];
  /** Conditions that a request must meet for the policy to be about it; 64 at most. */
  matchConditions?: MatchCondition[];
  /** Values that later expressions see as variables.NAME, in order. */
  variables?: Variable[];
}

/** Observed state of a policy. */
export interface ValidatingAdmissionPolicyStatus {
  /** The metadata.generation that this was concluded from. */
  observedGeneration?: number;
  /** Result of checking the types in the expressions. */
  typeChecking?: TypeChecking;
  /** Conditions. */
  conditions?: Condition[];
}

/** A webhook that may refuse changes. */
export interface ValidatingWebhook {
  /** Name as a domain of three parts or more, such as "images.example.com"; unique in the configuration. */
  name: string;
  /** Address of the webhook. */
  clientConfig?: WebhookClientConfig;
  /** Requests that it is asked about; none where empty. */
  rules?: RuleWithOperations[];
  /** Treatment of requests while it cannot be asked: "Fail" (default) refuses them, "Ignore" lets them pass. */
  failurePolicy?: string;
  /** "Exact": a request's own resource and version must fit the rules; "Equivalent" (default): any form in which the same objects are served. */
  matchPolicy?: string;
  /** Labels of the object's namespace; everything fits the default, {}. */
  namespaceSelector?: LabelSelector;
  /** Labels of the object before or after the change; everything fits the default, {}. */
  objectSelector?: LabelSelector;
  /** "None", or "NoneOnDryRun": it does nothing else when asked about a dry run. */
  sideEffects: string;
  /** Seconds that it gets to answer, 1 to 30; by default 10. */
  timeoutSeconds?: number;
  /** Versions of AdmissionReview that it reads, the preferred one first. */
  admissionReviewVersions: string[];
  /** Conditions that a request must meet, too; 64 at most. */
  matchConditions?: MatchCondition[];
}

/** Webhooks that may refuse changes. */
export interface ValidatingWebhookConfiguration {
  apiVersion: string;
  kind: 'ValidatingWebhookConfiguration';
  /** Identity. */
  metadata: ObjectMeta;
  /** The webhooks; all that a request fits are asked, side by side. */
  webhooks?: ValidatingWebhook[];
}

/** One condition. */
export interface Validation {
  /** CEL expression that is true where the change may be. */
  expression: string;
  /** Message to the client where it is not; one line. */
  message?: string;
  /** Reason of the refusal: "Unauthorized", "Forbidden", "Invalid" (default) or "RequestEntityTooLarge". */
  reason?: string;
  /** CEL expression that makes the message; "message" is used where it fails. */
  messageExpression?: string;
}

/** A value with a name. */
export interface Variable {
  /** Its name, an identifier of CEL. */
  name: string;
  /** CEL expression of the value. */
  expression: string;
}

/** Address of a webhook: a URL or a service. */
export interface WebhookClientConfig {
  /** "https://host:port/path"; without a user, a query or a fragment. */
  url?: string;
  /** A service of the cluster. */
  service?: ServiceReference;
  /** Certificates in PEM of the authorities that may sign the webhook's; those of the system where absent. */
  caBundle?: string;
}
