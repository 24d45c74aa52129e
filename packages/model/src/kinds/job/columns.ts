import { formatAge, formatDuration } from '../../age.ts';
import type { Job, JobSpec } from '../../gen/gantry.batch.v1.ts';
import type { Column } from '../../kind.ts';
import { selectorText } from '../../selector-text.ts';
import { isTrue } from './update.ts';

/** Columns of `get jobs`. */
export const jobColumns: readonly Column<Job>[] = [
  { name: 'STATUS', cell: statusOf },
  { name: 'COMPLETIONS', cell: completionsOf },
  { name: 'DURATION', cell: durationOf },
  ...jobTemplateColumns<Job>(({ spec }) => spec),
];

/** The wide columns that tell of a job's pods. */
export function jobTemplateColumns<T>(specOf: (object: T) => JobSpec): Column<T>[] {
  const containersOf = (object: T) => specOf(object).template.spec.containers ?? [];
  const selectorOf = (object: T): string => {
    const { selector } = specOf(object);
    return selector === undefined ? '<none>' : selectorText(selector) || '<none>';
  };
  return [
    {
      name: 'CONTAINERS',
      wide: true,
      cell: (object) =>
        containersOf(object)
          .map(({ name }) => name)
          .join(','),
    },
    {
      name: 'IMAGES',
      wide: true,
      cell: (object) =>
        containersOf(object)
          .map(({ image = '' }) => image)
          .join(','),
    },
    { name: 'SELECTOR', wide: true, cell: selectorOf },
  ];
}

function statusOf({ metadata, status = {} }: Job): string {
  const holds = (type: string): boolean => isTrue(status.conditions ?? [], type);
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet', 'Waiting'].find(holds) ?? 'Running';
}

function completionsOf({ spec, status = {} }: Job): string {
  const { completions, parallelism = 0 } = spec;
  const succeeded = status.succeeded ?? 0;
  if (completions !== undefined) return `${succeeded}/${completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationOf({ status = {} }: Job, nowMs: number): string {
  const { startTime, completionTime } = status;
  if (startTime === undefined) return '';
  if (completionTime === undefined) return formatAge(startTime, nowMs);
  return formatDuration(Date.parse(completionTime) - Date.parse(startTime));
}
