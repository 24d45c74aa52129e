/** A time span as Go writes it, in whole seconds: `45s`, `1m0s`, `1h0m5s`. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const hourText = hours > 0 ? `${hours}h` : '';
  return `${hourText}${seconds >= 60 ? `${minutes}m` : ''}${seconds % 60}s`;
}
