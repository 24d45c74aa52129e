let lastSecond = Number.NaN;
let lastText = '';

/** A time in milliseconds since the Unix epoch as Kubernetes writes it: UTC with whole seconds, rounded down. */
export function rfc3339(ms: number): string {
  const second = Math.floor(ms / 1_000);
  // Thousands of objects are written in one second.
  if (second !== lastSecond) {
    lastText = `${new Date(second * 1_000).toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastText;
}
