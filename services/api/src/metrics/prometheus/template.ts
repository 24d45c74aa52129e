import { GantryError } from '@gantry/runtime/errors.ts';

/** Values that a query's template is filled with. */
export interface TemplateValues {
  /** Name of the series. */
  readonly Series: string;
  /** Matchers with commas between, without braces. */
  readonly LabelMatchers: string;
  /** Label by which the objects of the answer are told apart; empty for external metrics. */
  readonly GroupBy: string;
  /** Values of single labels, several with bars between. */
  readonly LabelValuesByName: Readonly<Record<string, string>>;
}

/** The forms that prometheus-adapter's rules have. */
const form = /<<\s*(?:\.(Series|LabelMatchers|GroupBy)|index\s+\.LabelValuesByName\s+"([^"]*)")\s*>>/g;

/** A template, read once. Throws Invalid for a form that it does not know. */
export function compileTemplate(text: string, path: string): (values: TemplateValues) => string {
  const rest = text.replaceAll(form, '');
  const unknown = /<<[^>]*>?>?/.exec(rest);
  if (unknown !== null) {
    throw new GantryError(
      'Invalid',
      `${path}: Unsupported value: ${JSON.stringify(unknown[0])}: supported values: "<<.Series>>", "<<.LabelMatchers>>", "<<.GroupBy>>", "<<index .LabelValuesByName \\"LABEL\\">>"`,
    );
  }
  return (values) =>
    text.replaceAll(form, (_, field: 'Series' | 'LabelMatchers' | 'GroupBy' | undefined, label: string) =>
      field === undefined ? (values.LabelValuesByName[label] ?? '') : values[field],
    );
}
