// All rules, in the order of docs/rules/README.md. A new one is a file beside this and a line here.

import type { Rule } from "../rule";
import { randomBalancing } from "./random-balancing";
import { retriesExceedTimeout } from "./retries-exceed-timeout";

export const RULES: readonly Rule[] = [retriesExceedTimeout, randomBalancing];
