// The single point at which the host tool sees the filter's source: the portable contract.

export * from "../../assembly/contract/artifact";
export * from "../../assembly/contract/artifact-layout";
export * from "../../assembly/contract/bundle-artifact";
export * from "../../assembly/contract/calibration";
export * from "../../assembly/contract/config";
export * from "../../assembly/contract/config-help";
export * from "../../assembly/contract/config-problem";
export * from "../../assembly/contract/content-artifact";
export * from "../../assembly/contract/evidence";
export * from "../../assembly/contract/features";
export * from "../../assembly/contract/limits";
export * from "../../assembly/contract/metrics";
export * from "../../assembly/contract/route-signals";
export * from "../../assembly/contract/scorer-state-layout";
export * from "../../assembly/contract/signals";
export * from "../../assembly/contract/transformer-sections";
