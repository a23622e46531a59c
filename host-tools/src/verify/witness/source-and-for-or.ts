// Fields of one `source` are all to match; entries of `from` are alternatives. Two fields that no
// caller has together allow nobody.

import { cluster, route, witnessBootstrap, type Message } from "./proxy-config";
import { account, allOf, caller, namespace, rbacFilter } from "./rbac-filter";
import { ENTRY } from "./stage";
import { exactly, type Ports, type Witness } from "./witness";

const conversation = account("conversation-service");
const monitoring = namespace("monitoring");

function bootstrap(ports: Ports, principals: readonly Message[]) {
  return witnessBootstrap(
    [{ name: ENTRY, filters: [rbacFilter("ALLOW", principals)], routes: [route("llm")] }],
    [cluster("llm", [ports["app"]!])],
  );
}

export const sourceAndForOr: Witness = {
  rule: "source-and-for-or",
  shows: "principals and namespaces in one source let neither caller in; two sources let both in.",
  standsFor: "Account and namespace of the caller stand in headers instead of a certificate.",
  upstreams: [{ name: "app", law: { kind: "constant", ms: 1 } }],
  broken: (ports) => bootstrap(ports, [allOf(conversation, monitoring)]),
  fixed: (ports) => bootstrap(ports, [conversation, monitoring]),
  async drive(stage) {
    const statuses = async (accountName: string, namespaceName: string) =>
      stage.send(5, { headers: caller(accountName, namespaceName) });
    const byAccount = await statuses("conversation-service", "ai-services");
    const byNamespace = await statuses("prometheus", "monitoring");
    const neither = await statuses("other", "other");
    return {
      by_account_200: byAccount.count(200),
      by_namespace_200: byNamespace.count(200),
      neither_403: neither.count(403),
    };
  },
  expect: {
    by_account_200: { broken: exactly(0), fixed: exactly(5) },
    by_namespace_200: { broken: exactly(0), fixed: exactly(5) },
    neither_403: { broken: exactly(5), fixed: exactly(5) },
  },
};
