/** Kubernetes' bound of a manager's name, in bytes. */
const maxBytes = 128;

/** The owner of fields that a client sets without naming one: its user agent up to the slash, without what cannot be printed. */
export function managerOfAgent(userAgent: string): string {
  let name = '';
  let bytes = 0;
  for (const character of userAgent.split('/', 1)[0]!) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) continue;
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    name += character;
  }
  return name;
}
