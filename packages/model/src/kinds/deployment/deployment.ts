import type { Deployment } from '../../gen/gantry.apps.v1.ts';
import type { Kind } from '../../kind.ts';
import { podWarnings } from '../pod/warnings.ts';
import { scaleOfReplicas } from '../scale.ts';
import { deploymentColumns } from './columns.ts';
import { setDeploymentDefaults } from './defaults.ts';
import { validateDeployment, validateDeploymentStatus, validateDeploymentUpdate } from './validation.ts';

/** apps/v1 Deployment. */
export const deployment: Kind<Deployment> = {
  kind: 'Deployment',
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  namespaced: true,
  message: 'gantry.apps.v1.Deployment',
  objectField: 'deployment',
  hasStatus: true,
  statusKeeps: ['labels'],
  categories: ['all'],
  subresources: { scale: scaleOfReplicas },
  generation: 'spec and annotations',
  setDefaults: setDeploymentDefaults,
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
  validateStatus: validateDeploymentStatus,
  warnings: ({ spec: { template } }) => podWarnings(template.metadata, template.spec, 'spec.template.'),
  selectableFields: {},
  columns: deploymentColumns,
};
