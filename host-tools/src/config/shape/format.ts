// Forms of texts in a policy: what is allowed and what a complaint says of the rest.

import { TextRule } from "../../contract";
import { textPattern } from "../fields";

export interface Format {
  /** Matches the whole text; of the syntax that JSON Schema and JavaScript share. */
  readonly pattern: RegExp;
  /** Follows the value in a complaint, e.g. `is no host name`. */
  readonly says: string;
  readonly lengthMax?: number;
  /** In two or three words, for the reference; the pattern where there is none. */
  readonly form?: string;
  /** Words to guess from, and what to say where none is near. */
  readonly near?: { readonly words: readonly string[]; readonly otherwise: string };
}

export const DNS_LABEL: Format = {
  form: "Kubernetes name",
  pattern: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  says: "must be lower-case letters, digits and '-', at most 63",
};
const LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
/** Two labels at least, the last of which begins with a letter; what Istio takes. */
const FULL_NAME = `(${LABEL}\\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?`;
const HOST_LENGTH_MAX = 253;

/** A short name means another host in every namespace. */
export const HOST_NAME: Format = {
  form: "fully qualified host name",
  pattern: new RegExp(`^${FULL_NAME}$`),
  says: "is no fully qualified host name",
  lengthMax: HOST_LENGTH_MAX,
};
/** As clients of a gateway know it. */
export const OUTER_HOST: Format = {
  form: "host name, or *.DOMAIN",
  pattern: new RegExp(`^(\\*\\.)?${FULL_NAME}$`),
  says: "is no host name with a domain",
  lengthMax: HOST_LENGTH_MAX,
};
/** As a VirtualService takes it. */
export const GATEWAY_REFERENCE: Format = {
  form: "NAMESPACE/NAME, or mesh",
  pattern: new RegExp(`^(mesh|${LABEL}/${LABEL})$`),
  says: "must be NAMESPACE/NAME of a Gateway, or mesh",
};
/** As a Sidecar takes it: the namespace first. */
export const EGRESS_HOST: Format = {
  form: "NAMESPACE/HOST, where either may be *",
  pattern: new RegExp(`^(\\*|\\.|~|${LABEL})/(\\*|(\\*\\.)?${FULL_NAME})$`),
  says: "must be NAMESPACE/HOST with a fully qualified host, e.g. istio-system/*",
  lengthMax: HOST_LENGTH_MAX,
};
export const SUBSET_NAME: Format = {
  form: "name",
  pattern: /^[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?$/,
  says: "is no subset name",
};
/** Of arms and routes, as the filter's contract has it. */
export const ARM_NAME: Format = {
  form: "name",
  pattern: new RegExp(textPattern(TextRule.Name)),
  says: "is no name: letters, digits, '-', '_', '.', the first a letter or digit",
};
export const LABEL_KEY: Format = {
  form: "label key",
  pattern: new RegExp(`^((${LABEL}\\.)*${LABEL}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`),
  says: "is no label key: a name of at most 63, with or without DOMAIN/ before it",
  lengthMax: 317,
};
export const LABEL_VALUE: Format = {
  form: "label value",
  pattern: /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/,
  says: "is no label value: letters, digits, '-', '_', '.', at most 63",
};
/** `address:port`, the address of IPv6 in brackets. */
export const SOCKET: Format = {
  form: "ADDRESS:PORT",
  pattern: /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/,
  says: "must be ADDRESS:PORT, e.g. 127.0.0.1:8080",
};
export const HEADER_NAME: Format = {
  form: "lower-case header name",
  pattern: /^[a-z0-9_-]{1,128}$/,
  says: "must be a lower-case header name of letters, digits, '-' and '_'",
};
export const COOKIE_NAME: Format = {
  form: "cookie name",
  pattern: /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/,
  says: "is no cookie name",
};
/** A path, or one that ends in `*` and stands for all below. */
export const PATH_PATTERN: Format = {
  form: "path, `*` at its end for all below",
  pattern: /^\/[!-)+-~]*\*?$|^\*$/,
  says: "must begin with / and may end in *",
};
export const METHOD: Format = {
  form: "method in capitals",
  pattern: /^[A-Z]{1,32}$/,
  says: "is no method; write it in capitals",
};
/** Of a page or a server. */
export const ADDRESS: Format = {
  pattern: /^https?:\/\/[^\s"]{1,500}$/,
  says: "is no address, e.g. http://prometheus.monitoring:9090",
};
/** CPU and memory as Kubernetes writes them. */
export const QUANTITY: Format = {
  form: "quantity of Kubernetes",
  pattern: /^\d{1,12}(\.\d{1,3})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/,
  says: "is no quantity of Kubernetes, e.g. 50m, 64Mi",
};
export const CIDR: Format = {
  form: "address range",
  pattern: /^(\*|(\d{1,3}\.){3}\d{1,3}(\/\d{1,2})?|[0-9a-fA-F:]*:[0-9a-fA-F:]*(\/\d{1,3})?)$/,
  says: "is no address range, e.g. 10.0.0.0/8",
};

/** True where the text is of the format. */
export function fits(text: string, { pattern, lengthMax }: Format): boolean {
  return pattern.test(text) && text.length <= (lengthMax ?? Infinity);
}
