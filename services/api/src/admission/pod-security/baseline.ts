import type { LifecycleHandler, Probe, SELinuxOptions } from '@gantry/model/gen/gantry.core.v1.ts';
import { appArmor } from './app-armor.ts';
import {
  butOwnUsers,
  byContainers,
  type Check,
  containersNamed,
  containersOf,
  namesOf,
  quoted,
  type Rule,
  setters,
  sorted,
  word,
} from './check.ts';
import { seccompAnnotations, seccompFields } from './seccomp.ts';
import { sysctlRule } from './sysctls.ts';

/** Capabilities that container runtimes give by default. */
const defaultCapabilities = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];
const containerTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const capabilities: Check = ({ spec }) => {
  const added = new Set<string>();
  const bad = namesOf(spec, ({ securityContext }) => {
    const others = (securityContext?.capabilities?.add ?? []).filter((each) => !defaultCapabilities.includes(each));
    for (const each of others) added.add(each);
    return others.length > 0;
  });
  return byContainers(
    bad,
    'non-default capabilities',
    (named) => `${named} must not include ${quoted(sorted(added))} in securityContext.capabilities.add`,
  );
};

const hostNamespaces: Check = ({ spec }) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true);
  return used.length === 0
    ? undefined
    : { reason: 'host namespaces', detail: used.map((field) => `${field}=true`).join(', ') };
};

const hostPathVolumes: Check = ({ spec }) => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  return names.length === 0
    ? undefined
    : { reason: 'hostPath volumes', detail: `${word('volume', names.length)} ${quoted(names)}` };
};

const hostPorts: Check = ({ spec }) => {
  const ports = new Set<string>();
  const bad = namesOf(spec, ({ ports: all = [] }) => {
    const used = all.filter(({ hostPort = 0 }) => hostPort !== 0);
    for (const { hostPort } of used) ports.add(String(hostPort));
    return used.length > 0;
  });
  return byContainers(bad, 'hostPort', (named) => {
    const list = sorted(ports).join(', ');
    return `${named} ${bad.length === 1 ? 'uses' : 'use'} ${word('hostPort', ports.size)} ${list}`;
  });
};

const hostsOfHandlers: Check = ({ spec }) => {
  const hosts = new Set<string>();
  const bad = namesOf(spec, ({ livenessProbe, readinessProbe, startupProbe, lifecycle }) => {
    const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop];
    const used = handlers.flatMap(hostsOf);
    for (const host of used) hosts.add(host);
    return used.length > 0;
  });
  if (bad.length === 0) return undefined;
  const reason = 'probe or lifecycle host';
  const verb = bad.length === 1 ? 'uses' : 'use';
  const named = containersNamed(sorted(bad));
  return { reason, detail: `${named} ${verb} ${word(reason, hosts.size)} ${quoted(sorted(hosts))}` };
};

function hostsOf(handler: Probe | LifecycleHandler | undefined): string[] {
  return [handler?.httpGet?.host, handler?.tcpSocket?.host].filter(
    (host) => host !== undefined && host !== '',
  ) as string[];
}

const privileged: Check = ({ spec }) =>
  byContainers(
    namesOf(spec, ({ securityContext }) => securityContext?.privileged === true),
    'privileged',
    (named) => `${named} must not set securityContext.privileged=true`,
  );

/** Refuses a /proc that is not masked. */
export const procMount: Check = ({ spec }) => {
  const types = new Set<string>();
  const bad = namesOf(spec, ({ securityContext }) => {
    const type = securityContext?.procMount;
    if (type === undefined || type === 'Default') return false;
    types.add(type);
    return true;
  });
  return byContainers(
    bad,
    'procMount',
    (named) => `${named} must not set securityContext.procMount to ${quoted(sorted(types))}`,
  );
};

function seLinuxOptions(allowedTypes: readonly string[]): Check {
  return ({ spec }) => {
    const all = [spec, ...containersOf(spec)].flatMap(({ securityContext }) => securityContext?.seLinuxOptions ?? []);
    const isBad = ({ securityContext }: { securityContext?: { seLinuxOptions?: SELinuxOptions } }): boolean => {
      const { type = '', user, role } = securityContext?.seLinuxOptions ?? {};
      return !allowedTypes.includes(type) || Boolean(user) || Boolean(role);
    };
    const set = setters(isBad(spec), namesOf(spec, isBad));
    if (set.length === 0) return undefined;
    const types = sorted(all.map(({ type = '' }) => type).filter((type) => !allowedTypes.includes(type)));
    const problems = [
      ...(types.length > 0 ? [`${word('type', types.length)} ${quoted(types)}`] : []),
      ...(all.some(({ user }) => user) ? ['user may not be set'] : []),
      ...(all.some(({ role }) => role) ? ['role may not be set'] : []),
    ];
    const detail = `${set.join(' and ')} set forbidden securityContext.seLinuxOptions: ${problems.join('; ')}`;
    return { reason: 'seLinuxOptions', detail };
  };
}

const windowsHostProcess: Check = ({ spec }) => {
  const isBad = ({ securityContext }: { securityContext?: { windowsOptions?: { hostProcess?: boolean } } }): boolean =>
    securityContext?.windowsOptions?.hostProcess === true;
  const set = setters(isBad(spec), namesOf(spec, isBad));
  if (set.length === 0) return undefined;
  const detail = `${set.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`;
  return { reason: 'hostProcess', detail };
};

const baseline = 'baseline';

/** The rules of the baseline, in the order in which they are told. */
export const baselineRules: readonly Rule[] = [
  { id: 'appArmorProfile', level: baseline, versions: [{ since: 0, check: appArmor }] },
  { id: 'capabilities_baseline', level: baseline, versions: [{ since: 0, check: capabilities }] },
  { id: 'hostNamespaces', level: baseline, versions: [{ since: 0, check: hostNamespaces }] },
  { id: 'hostPathVolumes', level: baseline, versions: [{ since: 0, check: hostPathVolumes }] },
  { id: 'hostPorts', level: baseline, versions: [{ since: 0, check: hostPorts }] },
  { id: 'hostProbesAndHostLifecycle', level: baseline, versions: [{ since: 34, check: hostsOfHandlers }] },
  { id: 'privileged', level: baseline, versions: [{ since: 0, check: privileged }] },
  {
    id: 'procMount',
    level: baseline,
    versions: [
      { since: 0, check: procMount },
      { since: 35, check: butOwnUsers(procMount) },
    ],
  },
  {
    id: 'seLinuxOptions',
    level: baseline,
    versions: [
      { since: 0, check: seLinuxOptions(containerTypes) },
      { since: 31, check: seLinuxOptions([...containerTypes, 'container_engine_t']) },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    level: baseline,
    versions: [
      { since: 0, check: seccompAnnotations },
      { since: 19, check: seccompFields },
    ],
  },
  sysctlRule,
  { id: 'windowsHostProcess', level: baseline, versions: [{ since: 0, check: windowsHostProcess }] },
];
