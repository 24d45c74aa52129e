/** Roles of Gantry's own parts, for what they do beyond Kubernetes' default roles. In the notation of notation.ts. */
export const gantryRoles = `
system:gantry:scheduler
  get,list,watch scheduling.k8s.io priorityclasses
  get,list,watch,update,patch scheduling.x-k8s.io podgroups,podgroups/status
  create core pods/eviction
  get,list,watch,create,update,patch coordination.k8s.io leases
  create,patch,update core,events.k8s.io events
system:gantry:controllers
  get,list,watch,update,patch,delete,deletecollection * *
  create core configmaps,endpoints,events,persistentvolumeclaims,persistentvolumes,pods,secrets,serviceaccounts
  create core nodes/simulation,pods/eviction,serviceaccounts/token
  create apps controllerrevisions,deployments,replicasets,statefulsets
  create batch jobs
  create coordination.k8s.io leases
  create discovery.k8s.io endpointslices
  create gantry.dev resourceadvices
  create events.k8s.io events
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews
  approve,sign certificates.k8s.io signers
  escalate,bind rbac.authorization.k8s.io clusterroles,roles
system:gantry:node
  list,watch core namespaces
  get,list,watch discovery.k8s.io endpointslices
  delete core nodes
system:gantry:xds-lb
  get,list,watch core endpoints,namespaces,nodes,pods,services
  patch,update core services/status
  get,list,watch discovery.k8s.io endpointslices
  get,list,watch networking.k8s.io ingressclasses,ingresses
  get,list,watch gantry.dev rollouts
  get,list,watch gateway.networking.k8s.io *
  patch,update gateway.networking.k8s.io gatewayclasses/status,gateways/status,grpcroutes/status,httproutes/status
  create,patch,update core,events.k8s.io events
  get,list,watch,create,update,patch,delete coordination.k8s.io leases
system:gantry:view in:view
  get core pods/explain,pods/stats,services/traffic
  get,list,watch gantry.dev resourceadvices,rollouts,rollouts/status
  get,list,watch scheduling.x-k8s.io podgroups,podgroups/status
  get,list,watch autoscaling.x-k8s.io capacitybuffers,capacitybuffers/status
system:aggregated-metrics-reader in:view in:edit in:admin
  get,list,watch metrics.k8s.io nodes,pods
system:gantry:edit in:edit
  get,patch,update core pods/resize
  create,delete,deletecollection,get,list,patch,update,watch gantry.dev rollouts
  delete,deletecollection gantry.dev resourceadvices
  create,delete,deletecollection,get,list,patch,update,watch scheduling.x-k8s.io podgroups
  create,delete,deletecollection,get,list,patch,update,watch autoscaling.x-k8s.io capacitybuffers
`;
