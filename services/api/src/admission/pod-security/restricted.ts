import type { Volume } from '@gantry/model/gen/gantry.core.v1.ts';
import { procMount } from './baseline.ts';
import {
  butOwnUsers,
  butWindows,
  byContainers,
  type Check,
  containersNamed,
  namesOf,
  quoted,
  type Rule,
  setters,
  sorted,
  word,
} from './check.ts';
import { seccompRequired } from './seccomp.ts';

const allowedVolumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

const allowPrivilegeEscalation: Check = ({ spec }) =>
  byContainers(
    namesOf(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false),
    'allowPrivilegeEscalation != false',
    (named) => `${named} must set securityContext.allowPrivilegeEscalation=false`,
  );

const capabilities: Check = ({ spec }) => {
  const added = new Set<string>();
  const lacking = namesOf(spec, (container) => !container.securityContext?.capabilities?.drop?.includes('ALL'));
  const adding = namesOf(spec, ({ securityContext }) => {
    const others = (securityContext?.capabilities?.add ?? []).filter((each) => each !== 'NET_BIND_SERVICE');
    for (const each of others) added.add(each);
    return others.length > 0;
  });
  const details = [
    ...(lacking.length > 0 ? [`${containersNamed(lacking)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0
      ? [`${containersNamed(adding)} must not include ${quoted(sorted(added))} in securityContext.capabilities.add`]
      : []),
  ];
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
};

const volumeTypes: Check = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => !allowedVolumes.includes(typeOf(volume)));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map(typeOf));
  const named = `${word('volume', bad.length)} ${quoted(bad.map(({ name }) => name))}`;
  const verb = bad.length === 1 ? 'uses' : 'use';
  const detail = `${named} ${verb} ${word('restricted volume type', types.length)} ${quoted(types)}`;
  return { reason: 'restricted volume types', detail };
};

/** The field that says where the volume's files are. */
function typeOf({ name: _, ...source }: Volume): string {
  return Object.keys(source)[0] ?? 'unknown';
}

const runAsNonRoot: Check = ({ spec }) => {
  const isBad = ({ securityContext }: { securityContext?: { runAsNonRoot?: boolean } }): boolean =>
    securityContext?.runAsNonRoot === false;
  const reason = 'runAsNonRoot != true';
  const set = setters(isBad(spec), namesOf(spec, isBad));
  if (set.length > 0) {
    return { reason, detail: `${set.join(' and ')} must not set securityContext.runAsNonRoot=false` };
  }
  if (spec.securityContext?.runAsNonRoot === true) return undefined;
  return byContainers(
    namesOf(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined),
    reason,
    (named) => `pod or ${named} must set securityContext.runAsNonRoot=true`,
  );
};

const runAsUser: Check = ({ spec }) => {
  const isBad = ({ securityContext }: { securityContext?: { runAsUser?: number } }): boolean =>
    securityContext?.runAsUser === 0;
  const set = setters(isBad(spec), namesOf(spec, isBad));
  return set.length === 0
    ? undefined
    : { reason: 'runAsUser=0', detail: `${set.join(' and ')} must not set runAsUser=0` };
};

const restricted = 'restricted';

/** The rules that restricted pods keep beside those of the baseline, in the order in which they are told. */
export const restrictedRules: readonly Rule[] = [
  {
    id: 'allowPrivilegeEscalation',
    level: restricted,
    versions: [
      { since: 8, check: allowPrivilegeEscalation },
      { since: 25, check: butWindows(allowPrivilegeEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    level: restricted,
    versions: [
      { since: 22, check: capabilities, overrides: ['capabilities_baseline'] },
      { since: 25, check: butWindows(capabilities), overrides: ['capabilities_baseline'] },
    ],
  },
  {
    id: 'procMount_restricted',
    level: restricted,
    versions: [{ since: 35, check: procMount, overrides: ['procMount'] }],
  },
  {
    id: 'restrictedVolumes',
    level: restricted,
    versions: [{ since: 0, check: volumeTypes, overrides: ['hostPathVolumes'] }],
  },
  {
    id: 'runAsNonRoot',
    level: restricted,
    versions: [
      { since: 0, check: runAsNonRoot },
      { since: 35, check: butOwnUsers(runAsNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    level: restricted,
    versions: [
      { since: 23, check: runAsUser },
      { since: 35, check: butOwnUsers(runAsUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    level: restricted,
    versions: [
      { since: 19, check: seccompRequired, overrides: ['seccompProfile_baseline'] },
      { since: 25, check: butWindows(seccompRequired), overrides: ['seccompProfile_baseline'] },
    ],
  },
];
