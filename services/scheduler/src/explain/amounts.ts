import { resourceNames } from '../requirement.ts';

const binaryUnits = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
const inBytes = new Set<string>([resourceNames.memory, resourceNames.ephemeralStorage]);

/** An amount of a resource as people write quantities, rounded to two digits after the point: 1500m, 2.5Gi, 3. */
export function amountInWords(resource: string, amount: number): string {
  if (resource === resourceNames.cpu) return amount % 1_000 === 0 ? String(amount / 1_000) : `${Math.round(amount)}m`;
  if (!inBytes.has(resource) && !resource.startsWith('hugepages-')) return String(amount);
  let unit = 0;
  let scaled = amount;
  while (scaled >= 1_024 && unit < binaryUnits.length - 1) {
    scaled /= 1_024;
    unit++;
  }
  return `${Number(scaled.toFixed(2))}${binaryUnits[unit]}`;
}
