/** Webhooks of admission, which both kinds of configurations have in common. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  MutatingWebhook,
  ServiceReference,
  ValidatingWebhook,
  WebhookClientConfig,
} from '../../gen/gantry.admissionregistration.v1.ts';
import { duplicates, invalidValue, invalidValues, notSupported, oneOf, required } from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { dns1035LabelProblems, dnsSubdomainProblems, portNumberProblems } from '../../validation/names.ts';
import {
  failurePolicies,
  matchPolicies,
  reinvocationPolicies,
  setRuleDefaults,
  validateMatchConditions,
  validateRules,
} from './rules.ts';

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;

/** Kubernetes' defaults. */
const defaultTimeoutSeconds = 10;
const defaultPort = 443;

const maxTimeoutSeconds = 30;
/** Labels in a webhook's name, at least. */
const minNameLabels = 3;
/** Versions of AdmissionReview of which a webhook must read one. */
const reviewVersions = ['v1', 'v1beta1'];
const sideEffectClasses = ['None', 'NoneOnDryRun'];

/** Sets the defaults of webhooks, in place. */
export function setWebhookDefaults(webhooks: readonly ValidatingWebhook[] = []): void {
  for (const webhook of webhooks) {
    webhook.failurePolicy ??= 'Fail';
    webhook.matchPolicy ??= 'Equivalent';
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= defaultTimeoutSeconds;
    setRuleDefaults(webhook.rules);
    const service = webhook.clientConfig?.service;
    if (service !== undefined) service.port ??= defaultPort;
  }
}

/** Validates the webhooks of a configuration. */
export function validateWebhooks(webhooks: readonly Webhook[] = []): FieldCause[] {
  return [
    ...webhooks.flatMap((webhook, index) => validateWebhook(webhook, `webhooks[${index}]`)),
    ...duplicates(
      webhooks.map(({ name }) => name),
      (index) => `webhooks[${index}].name`,
    ),
  ];
}

function validateWebhook(webhook: Webhook, path: string): FieldCause[] {
  const { name, timeoutSeconds, sideEffects, clientConfig = {} } = webhook;
  const isTimely = timeoutSeconds === undefined || (timeoutSeconds >= 1 && timeoutSeconds <= maxTimeoutSeconds);
  return [
    ...validateName(name, `${path}.name`),
    ...validateRules(webhook.rules, `${path}.rules`),
    ...oneOf(`${path}.failurePolicy`, webhook.failurePolicy, failurePolicies),
    ...oneOf(`${path}.matchPolicy`, webhook.matchPolicy, matchPolicies),
    ...(sideEffects === undefined || sideEffectClasses.includes(sideEffects)
      ? []
      : [notSupported(`${path}.sideEffects`, sideEffects, sideEffectClasses)]),
    ...(isTimely
      ? []
      : [
          invalidValue(
            `${path}.timeoutSeconds`,
            timeoutSeconds,
            `the timeout value must be between 1 and ${maxTimeoutSeconds} seconds`,
          ),
        ]),
    ...validateLabelSelector(webhook.namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(webhook.objectSelector, `${path}.objectSelector`),
    ...oneOf(`${path}.reinvocationPolicy`, webhook.reinvocationPolicy, reinvocationPolicies),
    ...validateClientConfig(clientConfig, `${path}.clientConfig`),
    ...validateMatchConditions(webhook.matchConditions, `${path}.matchConditions`),
    ...validateReviewVersions(webhook.admissionReviewVersions, `${path}.admissionReviewVersions`),
  ];
}

function validateName(name: string, field: string): FieldCause[] {
  if (name === '') return [required(field)];
  const problems = dnsSubdomainProblems(name);
  if (problems.length > 0) return [invalidValue(field, name, problems.join(','))];
  const text = 'should be a domain with at least three segments separated by dots';
  return name.split('.').length < minNameLabels ? [invalidValue(field, name, text)] : [];
}

function validateReviewVersions(versions: readonly string[], field: string): FieldCause[] {
  if (versions.length === 0) return [required(field, `must specify one of ${reviewVersions.join(', ')}`)];
  const causes = versions.flatMap((version, index) =>
    versions.indexOf(version) < index
      ? [invalidValue(`${field}[${index}]`, version, 'duplicate version')]
      : invalidValues(`${field}[${index}]`, version, dns1035LabelProblems(version)),
  );
  return versions.some((version) => reviewVersions.includes(version))
    ? causes
    : [...causes, invalidValue(field, versions, `must include at least one of ${reviewVersions.join(', ')}`)];
}

function validateClientConfig({ url, service }: WebhookClientConfig, path: string): FieldCause[] {
  if ((url === undefined) === (service === undefined)) {
    return [required(path, 'exactly one of url or service is required')];
  }
  return url === undefined ? validateService(service!, `${path}.service`) : validateUrl(url, `${path}.url`);
}

/** Scheme, authority, path, query and fragment of a URL, each as it is written. */
const urlForm = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/;

/** Faults of a webhook's URL. */
export function validateUrl(url: string, field: string): FieldCause[] {
  const form = '; desired format: https://host[/path]';
  const [, scheme = '', authority = '', , query = '', fragment = ''] = urlForm.exec(url) ?? [];
  const at = authority.lastIndexOf('@');
  const [user, host] = at < 0 ? [undefined, authority] : [authority.slice(0, at), authority.slice(at + 1)];
  return [
    ...(scheme.toLowerCase() === 'https'
      ? []
      : [invalidValue(field, scheme, `'https' is the only allowed URL scheme${form}`)]),
    ...(host === '' ? [invalidValue(field, host, `host must be specified${form}`)] : []),
    ...(user === undefined ? [] : [invalidValue(field, user, 'user information is not permitted in the URL')]),
    ...(fragment === '' ? [] : [invalidValue(field, fragment, 'fragments are not permitted in the URL')]),
    ...(query === '' ? [] : [invalidValue(field, query, 'query parameters are not permitted in the URL')]),
  ];
}

/** Faults of a service that a webhook runs in, with its names. */
export function validateServiceAddress(service: ServiceReference, field: string): FieldCause[] {
  return [
    ...(service.name === '' ? [required(`${field}.name`, 'service name is required')] : []),
    ...(service.namespace === '' ? [required(`${field}.namespace`, 'service namespace is required')] : []),
    ...validateService(service, field),
  ];
}

function validateService({ port = 0, path }: ServiceReference, field: string): FieldCause[] {
  const problems = portNumberProblems(port);
  return [
    ...(problems.length > 0 ? [invalidValue(`${field}.port`, port, `port is not valid: ${problems.join(', ')}`)] : []),
    ...invalidValues(`${field}.path`, path, pathProblems(path ?? '')),
  ];
}

function pathProblems(path: string): string[] {
  if (path === '' || path === '/') return [];
  if (path === '//') return ['segment[0] may not be empty'];
  const segments = path.slice(1).replace(/\/$/, '').split('/');
  return [
    ...(path.startsWith('/') ? [] : ["must start with a '/'"]),
    ...segments.flatMap((segment, index) =>
      segment === ''
        ? [`segment[${index}] may not be empty`]
        : dnsSubdomainProblems(segment).map((problem) => `segment[${index}]: ${problem}`),
    ),
  ];
}
