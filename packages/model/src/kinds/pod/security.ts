/** Validation of the security settings of pods and containers. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  Sysctl,
} from '../../gen/gantry.core.v1.ts';
import { duplicates, forbidden, invalidValue, invalidValues, oneOf, required } from '../../validation/causes.ts';
import { idProblems } from '../../validation/names.ts';
import { validateInnerPath } from './volumes/paths.ts';

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const maxSysctlChars = 253;
const sysctlForm = '([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctl = new RegExp(`^${sysctlForm}$`);
/** Kernel settings that belong to a namespace, which a pod of the host's own can't set alone. */
const networkSysctls = ['net.'];
const ipcSysctls = ['kernel.shm', 'kernel.msg', 'kernel.sem', 'fs.mqueue.'];

/** The settings of the whole pod. @param path Of the pod's spec. */
export function validatePodSecurity(spec: PodSpec, path: string): FieldCause[] {
  const context = spec.securityContext ?? {};
  const field = `${path}.securityContext`;
  const shares = spec.shareProcessNamespace === true && spec.hostPID === true;
  return [
    ...validateIds(context, ['runAsUser', 'runAsGroup', 'fsGroup'], field),
    ...(context.supplementalGroups ?? []).flatMap((id, index) =>
      invalidValues(`${field}.supplementalGroups[${index}]`, id, idProblems(id)),
    ),
    ...(shares
      ? [
          invalidValue(
            `${path}.shareProcessNamespace`,
            true,
            'ShareProcessNamespace and HostPID cannot both be enabled',
          ),
        ]
      : []),
    ...validateSysctls(context.sysctls ?? [], spec, `${field}.sysctls`),
    ...oneOf(`${field}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ...oneOf(`${field}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict']),
    ...oneOf(`${field}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ['MountOption', 'Recursive']),
    ...validateSeccomp(context.seccompProfile, `${field}.seccompProfile`),
    ...validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`),
    ...validateUserNamespace(spec, path),
  ];
}

/** The settings of one container. */
export function validateContainerSecurity(context: SecurityContext | undefined, path: string): FieldCause[] {
  if (context === undefined) return [];
  const causes = validateIds(context, ['runAsUser', 'runAsGroup'], path);
  causes.push(...oneOf(`${path}.procMount`, context.procMount, ['Default', 'Unmasked']));
  causes.push(...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`));
  causes.push(...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`));
  if (context.allowPrivilegeEscalation === false) {
    const both = 'cannot set `allowPrivilegeEscalation` to false and';
    if (context.privileged === true) causes.push(invalidValue(path, context, `${both} \`privileged\` to true`));
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN'))
      causes.push(invalidValue(path, context, `${both} \`capabilities.Add\` CAP_SYS_ADMIN`));
  }
  return causes;
}

function validateIds<K extends keyof PodSecurityContext>(
  context: { readonly [P in K]?: PodSecurityContext[P] },
  names: readonly K[],
  path: string,
): FieldCause[] {
  return names.flatMap((name) => {
    const id = context[name] as number | undefined;
    return id === undefined ? [] : invalidValues(`${path}.${name}`, id, idProblems(id));
  });
}

function validateSysctls(sysctls: readonly Sysctl[], { hostNetwork, hostIPC }: PodSpec, path: string): FieldCause[] {
  const causes = sysctls.flatMap(({ name }, index) => {
    const field = `${path}[${index}].name`;
    if (name.length > maxSysctlChars || !sysctl.test(name)) {
      const text = `must have at most ${maxSysctlChars} characters and match regex ^${sysctlForm}$`;
      return [invalidValue(field, name, text)];
    }
    const dotted = name.replaceAll('/', '.');
    if (hostNetwork === true && networkSysctls.some((start) => dotted.startsWith(start))) {
      return [invalidValue(field, name, "may not be specified when 'hostNetwork' is true")];
    }
    return hostIPC === true && ipcSysctls.some((start) => dotted.startsWith(start))
      ? [invalidValue(field, name, "may not be specified when 'hostIPC' is true")]
      : [];
  });
  const repeated = duplicates(
    sysctls.map(({ name }) => name),
    (index) => `${path}[${index}].name`,
  );
  return [...causes, ...repeated];
}

function validateSeccomp(profile: SeccompProfile | undefined, path: string): FieldCause[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const field = `${path}.localhostProfile`;
  const causes = oneOf(`${path}.type`, type, profileTypes);
  if (type !== 'Localhost') {
    const text = 'can only be set when seccomp type is Localhost';
    return localhostProfile === undefined ? causes : [...causes, invalidValue(field, localhostProfile, text)];
  }
  if (!localhostProfile) return [...causes, required(field, 'must be set when seccomp type is Localhost')];
  return [...causes, ...validateInnerPath(localhostProfile, field)];
}

function validateAppArmor(profile: AppArmorProfile | undefined, path: string): FieldCause[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const field = `${path}.localhostProfile`;
  const causes = oneOf(`${path}.type`, type, profileTypes);
  if (type !== 'Localhost') {
    const text = 'can only be set when AppArmor type is Localhost';
    return localhostProfile === undefined ? causes : [...causes, invalidValue(field, localhostProfile, text)];
  }
  if (!localhostProfile?.trim()) return [...causes, required(field, 'must be set when AppArmor type is Localhost')];
  return localhostProfile === localhostProfile.trim()
    ? causes
    : [...causes, invalidValue(field, localhostProfile, 'must not be padded with whitespace')];
}

/** Users of the pod's own don't go with namespaces of the host. */
function validateUserNamespace(spec: PodSpec, path: string): FieldCause[] {
  if (spec.hostUsers !== false) return [];
  return (['hostNetwork', 'hostPID', 'hostIPC'] as const)
    .filter((name) => spec[name] === true)
    .map((name) => forbidden(`${path}.${name}`, 'when `hostUsers` is false'));
}
