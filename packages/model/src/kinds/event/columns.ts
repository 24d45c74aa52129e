import { formatAge } from '../../age.ts';
import type { Event } from '../../gen/gantry.core.v1.ts';
import type { Column } from '../../kind.ts';

/** All columns of `get events`: they tell what happened, the event's own name is of little use. */
export const eventColumns: readonly Column<Event>[] = [
  { name: 'LAST SEEN', cell: (event, nowMs) => formatAge(lastSeen(event), nowMs) },
  { name: 'TYPE', cell: ({ type }) => type ?? '' },
  { name: 'REASON', cell: ({ reason }) => reason ?? '' },
  { name: 'OBJECT', cell: formatObject },
  { name: 'SUBOBJECT', wide: true, cell: ({ involvedObject }) => involvedObject?.fieldPath ?? '' },
  { name: 'SOURCE', wide: true, cell: formatSource },
  { name: 'MESSAGE', cell: ({ message }) => (message ?? '').trim() },
  { name: 'FIRST SEEN', wide: true, cell: (event, nowMs) => formatAge(firstSeen(event), nowMs) },
  { name: 'COUNT', wide: true, cell: ({ series, count }) => String(series?.count ?? (count || 1)) },
  { name: 'NAME', wide: true, cell: ({ metadata }) => metadata.name },
];

function firstSeen({ firstTimestamp, eventTime }: Event): string | undefined {
  return firstTimestamp ?? eventTime;
}

function lastSeen(event: Event): string | undefined {
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? firstSeen(event);
}

function formatObject({ involvedObject }: Event): string {
  const kind = (involvedObject?.kind ?? '').toLowerCase();
  return involvedObject?.name ? `${kind}/${involvedObject.name}` : kind;
}

function formatSource({ source, reportingComponent, reportingInstance }: Event): string {
  const parts = [source?.component || reportingComponent || '', source?.host || reportingInstance || ''];
  return parts.filter((part) => part !== '').join(', ');
}
