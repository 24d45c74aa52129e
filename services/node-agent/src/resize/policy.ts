import type { Container } from '@gantry/model/gen/gantry.core.v1.ts';
import { isSameQuantity } from '../containers/quantities.ts';
import { resizable, type Share } from './shares.ts';

/** True where a container's resize policy has it restart for this change: for the resource that changes, its request or its limit. */
export function restartsFor({ resizePolicy = [] }: Container, before: Share, after: Share): boolean {
  return resizable.some((name) => {
    const isChanged = (['requests', 'limits'] as const).some(
      (part) => !isSameQuantity(before[part][name] ?? '0', after[part][name] ?? '0'),
    );
    const policy = resizePolicy.find(({ resourceName }) => resourceName === name);
    return isChanged && policy?.restartPolicy === 'RestartContainer';
  });
}
