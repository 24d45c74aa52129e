/** The parts of a definition's versions as Kubernetes names them in messages: what all versions have alike stands above them. */
import { isDeepStrictEqual } from 'node:util';
import type {
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../../gen/gantry.apiextensions.v1.ts';

/** The parts that versions may have alike. */
export type Parts = Pick<
  CustomResourceDefinitionVersion,
  'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'
>;

/** The parts of a definition, where messages find them. */
export interface Layout {
  /** The parts that all versions have alike. */
  readonly shared: Parts;
  /** Those of each version beside them, by its index. */
  readonly own: readonly Parts[];
}

const partNames = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

/** Finds out which parts the versions have alike. */
export function layoutOf({ versions }: CustomResourceDefinitionSpec): Layout {
  const [first] = versions;
  const alike = partNames.filter((name) => versions.every((version) => isDeepStrictEqual(version[name], first![name])));
  const pick = (version: CustomResourceDefinitionVersion, names: readonly (typeof partNames)[number][]): Parts =>
    Object.fromEntries(names.filter((name) => version[name] !== undefined).map((name) => [name, version[name]]));
  const others = partNames.filter((name) => !alike.includes(name));
  return {
    shared: first === undefined ? {} : pick(first, alike),
    own: versions.map((version) => pick(version, others)),
  };
}
