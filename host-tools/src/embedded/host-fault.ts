// Three ways in which a guest can go wrong, kept apart: a trap is contained (the failure policy
// decides), a load error refuses the module, and a crash is what would take the whole Envoy process
// down and therefore must never be swallowed.

import { GanglionError } from "../lib/errors";

/** Thrown by a host call to trap the guest. */
export class GuestTrap extends Error {}

/** The module cannot be loaded; Envoy would reject the configuration that names it. */
export function loadError(message: string, hint?: string): GanglionError {
  return new GanglionError("E_EMBEDDED_LOAD", message, hint === undefined ? {} : { hint });
}

/** Envoy itself would die here. */
export function hostCrash(message: string, hint: string): GanglionError {
  return new GanglionError("E_EMBEDDED_CRASH", message, { hint });
}

/** True for what the engine throws for a guest's fault; a bug of the host is not one. */
export function isGuestTrap(error: unknown): error is Error {
  if (error instanceof GuestTrap || error instanceof WebAssembly.RuntimeError) return true;
  return error instanceof RangeError && error.message.includes("call stack");
}
