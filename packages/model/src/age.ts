/** Durations as kubectl prints ages: the two largest units where the larger one is small (3d4h, 5m30s), else one. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 0) return '0s';
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const years = Math.floor(days / 365);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (days < 8) return withRest(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  if (years < 8) return withRest(years, 'y', days % 365, 'd');
  return `${years}y`;
}

/** The age of something that came to be at this time; `<unknown>` where the time is not known. */
export function formatAge(timestamp: string | undefined, nowMs: number): string {
  const sinceMs = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  return Number.isNaN(sinceMs) ? '<unknown>' : formatDuration(nowMs - sinceMs);
}

function withRest(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}
