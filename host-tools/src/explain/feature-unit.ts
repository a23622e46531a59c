// A feature's number as a person reads it: "420 ms" instead of 8.71. What is a logarithm in
// contract/features.ts is undone here.

import { featureName } from "../contract";

/** Raw value of a feature with its unit. */
export function featureText(feature: number, raw: number): string {
  const name = featureName(feature);
  if (/^log_(ttfb|latency|stream)_(fast|slow|last)$/.test(name)) {
    return milliseconds(name === "log_stream_last" ? 2 ** raw - 1 : 2 ** raw);
  }
  if (name === "log_inter_arrival") return milliseconds(2 ** raw - 1 / 64);
  if (name === "log_peak_ratio") return `${amountText(2 ** raw)} times`;
  if (/^log_\w+_bytes$/.test(name)) return `${amountText(2 ** raw - 1)} bytes`;
  if (name.startsWith("log_")) return amountText(2 ** raw - 1);
  if (name === "latency_shift") return `${amountText(raw)} deviations`;
  return `${amountText(100 * Math.max(0, Math.min(1, raw)))} %`;
}

/**
 * How far a feature lies above (or below) what was predicted, in raw units.
 * @param lean of a logarithm: its difference
 */
export function leanText(feature: number, lean: number): string {
  const name = featureName(feature);
  const sign = lean < 0 ? "-" : "+";
  if (name.startsWith("log_")) return `${amountText(2 ** lean)} times`;
  if (name === "latency_shift") return `${sign}${amountText(Math.abs(lean))} deviations`;
  return `${sign}${amountText(100 * Math.abs(lean))} points`;
}

/** A duration as ms, or as s where it is long. */
export function milliseconds(ms: number): string {
  const positive = Math.max(0, ms);
  return positive >= 10_000 ? `${amountText(positive / 1000)} s` : `${amountText(positive)} ms`;
}

/** Three figures, without an exponent. */
export function amountText(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toString();
  const rounded = Number(value.toPrecision(3));
  return (Math.abs(rounded) < 0.0005 ? 0 : rounded).toString();
}
