// The door of this folder: a workload's certificate as its Envoy has it.

export { envoyCertificates, type EnvoyCertificate, type EnvoyCertificatePair } from "./envoy-certs";
export { identityFault, workloadIdentities, type WorkloadIdentity } from "./workload-identity";
