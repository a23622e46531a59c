// The listeners of a proxy, also those that wait for something before they begin.

import { at, type Json, listAt } from "./json-value";

export interface Listener {
  readonly port: number;
  /** A port that calls of others to this pod come in by. */
  readonly isInbound: boolean;
  /** Waits, e.g. for a certificate: connections are refused until it comes. */
  readonly isWarming: boolean;
  /** Each with its `transport_socket`, none for plaintext. */
  readonly chains: readonly Json[];
  readonly config: Json;
}

/** Certificates that the proxy asks for and has not got, by the names of their secrets. */
export function missingSecrets(parts: readonly Json[]): ReadonlySet<string> {
  const warming = parts.flatMap((part) => listAt(part, "dynamic_warming_secrets"));
  return new Set(warming.map(({ name }) => String(name)));
}

/**
 * As istiod has sent them last; what drains is gone for new connections.
 *
 * @param parts of `/config_dump`
 */
export function listenersOf(parts: readonly Json[]): Listener[] {
  return parts
    .flatMap((part) => listAt(part, "dynamic_listeners"))
    .flatMap((one) => {
      const active = at(one, "active_state", "listener");
      const config = (active ?? at(one, "warming_state", "listener")) as Json | undefined;
      if (config === undefined) return [];
      const fallback = at(config, "default_filter_chain") as Json | undefined;
      return [
        {
          port: Number(at(config, "address", "socket_address", "port_value") ?? 0),
          isInbound: at(config, "traffic_direction") === "INBOUND",
          isWarming: active === undefined,
          chains: [
            ...listAt(config, "filter_chains"),
            ...(fallback === undefined ? [] : [fallback]),
          ],
          config,
        },
      ];
    });
}

/** Every value of this key at any depth. */
export function valuesOf(value: unknown, key: string): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [
    ...(name === key ? [member] : []),
    ...valuesOf(member, key),
  ]);
}
