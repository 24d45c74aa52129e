/** Share of the peak's requests at each full hour of a day of an application that people use at work, and nobody at night. */
const hours = [
  0, 0, 0, 0, 0, 0, 0.05, 0.25, 0.55, 0.8, 0.9, 0.85, 0.6, 0.75, 0.95, 1, 0.9, 0.7, 0.4, 0.25, 0.2, 0.3, 0.15, 0.02, 0,
];

/** Share of the peak at a moment, from 0 (midnight) to 1 (the next one); linear between full hours. */
export function shareOfPeak(moment: number): number {
  const hour = Math.min(Math.max(moment, 0), 1) * (hours.length - 1);
  const before = Math.floor(hour);
  const from = hours[before]!;
  const to = hours[before + 1] ?? from;
  return from + (to - from) * (hour - before);
}

/** Moments of a day that a picture marks. */
export const moments = [
  { moment: 6 / 24, text: '6 h' },
  { moment: 9 / 24, text: '9 h' },
  { moment: 12 / 24, text: '12 h' },
  { moment: 15 / 24, text: '15 h' },
  { moment: 18 / 24, text: '18 h' },
  { moment: 21 / 24, text: '21 h' },
] as const;
