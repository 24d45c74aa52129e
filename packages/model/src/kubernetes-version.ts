/** The version of Kubernetes whose api Gantry serves and whose rules its nodes follow, as clients and `get nodes` show it. */
export const kubernetesVersion = { major: '1', minor: '37', gitVersion: 'v1.37.2+gantry' } as const;
