import { Audit } from './audit.ts';
import { AuditLog, type AuditLogDeps, type AuditLogOptions } from './log.ts';
import type { Policy } from './policy.ts';

/** The audit of requests into a file; none without a policy and a file. @param owned Writes what waits when it is disposed of. */
export function auditFor(
  deps: AuditLogDeps,
  policy: Policy | undefined,
  options: AuditLogOptions | undefined,
  owned: AsyncDisposableStack,
): Audit | undefined {
  if (policy === undefined || options === undefined) return undefined;
  const file = owned.use(new AuditLog(options, deps));
  return new Audit(policy, (event) => file.write(event), deps.clock.now);
}
