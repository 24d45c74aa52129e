/** Formatters are kept for this many zones; there are fewer than 600. */
const mostZones = 600;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds by which a zone's wall clock is ahead of UTC at a moment. */
export function offsetMs(zone: string, atMs: number): number {
  if (zone === 'UTC') return 0;
  const fields = new Map(
    formatterOf(zone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const field = (name: Intl.DateTimeFormatPartTypes): number => fields.get(name)!;
  const wallMs = Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
  );
  return wallMs - Math.floor(atMs / 1000) * 1000;
}

/** The moment in the zone's wall clock, such as 2026-01-01T01:00:00+01:00. */
export function inZone(zone: string, atMs: number): string {
  const offset = offsetMs(zone, atMs);
  const wall = new Date(atMs + offset).toISOString().slice(0, 19);
  if (offset === 0) return `${wall}Z`;
  const minutes = Math.abs(Math.trunc(offset / 60_000));
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${wall}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formatters.size < mostZones) formatters.set(zone, made);
  return made;
}
