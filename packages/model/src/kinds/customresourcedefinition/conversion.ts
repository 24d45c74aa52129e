/** Rules for the conversion of objects between the versions of a definition. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { CustomResourceConversion, WebhookClientConfig } from '../../gen/gantry.apiextensions.v1.ts';
import { forbidden, invalidValue, invalidValues, notSupported, required } from '../../validation/causes.ts';
import { dns1035LabelProblems } from '../../validation/names.ts';
import { validateServiceAddress, validateUrl } from '../admission/webhooks.ts';
import { caBundleProblem } from './ca-bundle.ts';
import { type Options, reviewVersions } from './options.ts';

const strategies = ['None', 'Webhook'];

/** Faults of a conversion. Kubernetes names fields of the webhook by their places in an older version of the API. */
export function conversionFaults(
  { strategy, webhook }: CustomResourceConversion,
  path: string,
  options: Options,
): FieldCause[] {
  const faults: FieldCause[] = [];
  if (strategy === '') faults.push(required(`${path}.strategy`));
  else if (!strategies.includes(strategy)) faults.push(notSupported(`${path}.strategy`, strategy, strategies));
  const { clientConfig, conversionReviewVersions: versions = [] } = webhook ?? {};
  const [configField, versionsField] = [`${path}.webhookClientConfig`, `${path}.conversionReviewVersions`];
  if (strategy === 'Webhook') {
    return [
      ...faults,
      ...(clientConfig === undefined
        ? [required(configField, 'required when strategy is set to Webhook')]
        : clientFaults(clientConfig, configField, options)),
      ...reviewVersionFaults(versions, versionsField, options.isReviewVersionNeeded),
    ];
  }
  const detail = 'should not be set when strategy is not set to Webhook';
  if (clientConfig !== undefined) faults.push(forbidden(configField, detail));
  if (versions.length > 0) faults.push(forbidden(versionsField, detail));
  return faults;
}

function clientFaults(
  { url, service, caBundle = '' }: WebhookClientConfig,
  path: string,
  options: Options,
): FieldCause[] {
  const faults: FieldCause[] = [];
  if ((url === undefined) === (service === undefined)) {
    faults.push(required(path, 'exactly one of url or service is required'));
  } else if (url !== undefined) faults.push(...validateUrl(url, `${path}.url`));
  else faults.push(...validateServiceAddress(service!, `${path}.service`));
  const problem = caBundle === '' || options.takesBadBundle ? undefined : caBundleProblem(caBundle);
  return problem === undefined ? faults : [...faults, invalidValue(`${path}.caBundle`, caBundle, problem)];
}

function reviewVersionFaults(versions: readonly string[], field: string, isOneNeeded: boolean): FieldCause[] {
  if (versions.length === 0) return [required(field)];
  const faults = versions.flatMap((version, index) =>
    versions.indexOf(version) < index
      ? [invalidValue(`${field}[${index}]`, version, 'duplicate version')]
      : invalidValues(`${field}[${index}]`, version, dns1035LabelProblems(version)),
  );
  if (!isOneNeeded || versions.some((version) => reviewVersions.includes(version))) return faults;
  return [...faults, invalidValue(field, versions, `must include at least one of ${reviewVersions.join(', ')}`)];
}
