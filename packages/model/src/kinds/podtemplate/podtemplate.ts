import type { PodTemplate } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { formatLabels } from '../cells.ts';
import { setTemplateDefaults } from '../pod/defaults.ts';
import { validateTemplate } from '../pod/validation.ts';

/** core/v1 PodTemplate. */
export const podTemplate: Kind<PodTemplate> = {
  kind: 'PodTemplate',
  group: '',
  version: 'v1',
  plural: 'podtemplates',
  singular: 'podtemplate',
  shortNames: [],
  namespaced: true,
  message: 'gantry.core.v1.PodTemplate',
  objectField: 'podTemplate',
  hasStatus: false,
  generation: 'spec',
  setDefaults: ({ template }) => setTemplateDefaults(template),
  validate: ({ template }) => validateTemplate(template, 'template'),
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    { name: 'CONTAINERS', cell: ({ template }) => (template.spec.containers ?? []).map(({ name }) => name).join(',') },
    {
      name: 'IMAGES',
      cell: ({ template }) => (template.spec.containers ?? []).map(({ image = '' }) => image).join(','),
    },
    { name: 'POD LABELS', cell: ({ template }) => formatLabels(template.metadata?.labels) },
  ],
};
