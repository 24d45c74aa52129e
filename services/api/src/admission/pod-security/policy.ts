import { invalidValue } from '@gantry/model/validation/causes.ts';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { compareLevels, type Level, type Standard } from './standards.ts';

/** The standards by which a namespace judges pods: some are refused, others told of. */
export interface Policy {
  readonly enforce: Standard;
  readonly audit: Standard;
  readonly warn: Standard;
}

type Labels = Readonly<Record<string, string>>;

const prefix = 'pod-security.kubernetes.io/';
const latest = Number.POSITIVE_INFINITY;
const anything: Standard = { level: 'privileged', minor: latest };
const levels: readonly string[] = ['privileged', 'baseline', 'restricted'];
const free: Policy = { enforce: anything, audit: anything, warn: anything };

/**
 * The policy of a namespace by its labels, and their faults. A label that cannot be read stands for the strictest where pods are refused by it,
 * and for the laxest where they are only told of.
 */
export function policyOf(labels: Labels = {}): { readonly policy: Policy; readonly causes: readonly FieldCause[] } {
  let isLabelled = false;
  for (const key in labels) isLabelled ||= key.startsWith(prefix);
  if (!isLabelled) return { policy: free, causes: [] };
  const causes: FieldCause[] = [];
  const enforce = standardOf(labels, 'enforce', 'restricted', causes);
  const audit = standardOf(labels, 'audit', 'privileged', causes);
  let warn = standardOf(labels, 'warn', 'privileged', causes);
  // Whoever refuses pods is warned of what would make them, too.
  const isSound = levels.includes(labels[`${prefix}enforce`] ?? '');
  if (labels[`${prefix}warn`] === undefined && isSound && compareLevels(enforce.level, warn.level) > 0) {
    const hasVersion = labels[`${prefix}warn-version`] !== undefined;
    warn = { level: enforce.level, minor: hasVersion ? warn.minor : enforce.minor };
  }
  return { policy: { enforce, audit, warn }, causes };
}

/** True for a policy that lets every pod pass in silence. */
export function isFree({ enforce, audit, warn }: Policy): boolean {
  return enforce.level === 'privileged' && audit.level === 'privileged' && warn.level === 'privileged';
}

function standardOf(labels: Labels, mode: keyof Policy, ifFaulty: Level, causes: FieldCause[]): Standard {
  const level = labels[prefix + mode];
  const version = labels[`${prefix}${mode}-version`];
  const field = (label: string): string => `metadata.labels[${label}]`;
  const isLevel = level === undefined || levels.includes(level);
  if (!isLevel) causes.push(invalidValue(field(prefix + mode), level, `must be one of ${levels.join(', ')}`));
  const minor = version === undefined ? latest : minorOf(version);
  if (minor === undefined) {
    causes.push(invalidValue(field(`${prefix}${mode}-version`), version, 'must be "latest" or "v1.x"'));
  }
  return { level: isLevel ? ((level ?? 'privileged') as Level) : ifFaulty, minor: minor ?? latest };
}

function minorOf(version: string): number | undefined {
  if (version === 'latest') return latest;
  const [, minor] = /^v1\.(0|[1-9]\d*)$/.exec(version) ?? [];
  return minor === undefined ? undefined : Number(minor);
}
