/** Taints of nodes, and the tolerations by which pods bear them. */
import type { Taint, Toleration } from './gen/gantry.core.v1.ts';

/** Key of the taint by which an administrator says that a node is off: nothing runs on it any more. */
export const outOfServiceKey = 'node.kubernetes.io/out-of-service';

/** True where a toleration makes its pod bear a taint. */
export function tolerates(toleration: Readonly<Toleration>, taint: Readonly<Taint>): boolean {
  const { key = '', operator, value = '', effect = '' } = toleration;
  const { value: given = '' } = taint;
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  switch (operator || 'Equal') {
    case 'Exists':
      return true;
    case 'Equal':
      return key !== '' && value === given;
    case 'Lt':
      return isWhole(given) && isWhole(value) && Number(given) < Number(value);
    case 'Gt':
      return isWhole(given) && isWhole(value) && Number(given) > Number(value);
    default:
      return false;
  }
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** The taint in `key=value:effect` or `key:effect`; undefined where the text is none. */
export function parseTaint(text: string): Taint | undefined {
  const [, key, value, effect] = /^([^=:]+)(?:=([^:]*))?:([A-Za-z]+)$/.exec(text) ?? [];
  if (key === undefined || !effects.includes(effect!)) return undefined;
  return { key, ...(value ? { value } : {}), effect: effect! };
}

function isWhole(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}
