/** Names of time zones, such as Europe/Berlin. */

const part = /^[A-Za-z._0-9+-]{1,14}$/;

/** Problems of a time zone's name, in the words of Kubernetes and of the Go library that it reads zones with. */
export function timeZoneProblems(name: string): string[] {
  if (name === '') return ['timeZone must be nil or non-empty string'];
  const isWellFormed = name
    .split('/')
    .every((each) => part.test(each) && each !== '.' && each !== '..' && !each.startsWith('-'));
  if (!isWellFormed) return [`unknown time zone ${name}`];
  const problems: string[] = [];
  if (name.toLowerCase() === 'local') {
    problems.push('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones');
    if (name === 'Local') return problems;
  }
  return isKnown(name) ? problems : [...problems, `unknown time zone ${name}`];
}

function isKnown(name: string): boolean {
  // An offset such as +01 is no name.
  if (/^[-+]/.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    // Names are files, spelled in one way; an alias resolves to another name.
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
