// Server-side apply as a dry run in which an unknown field is an error and not a warning.

import type { KubeClient, KubeObject } from "../rig";

/** What the API server says against the objects, one line each. */
export async function refusals(
  client: KubeClient,
  objects: readonly KubeObject[],
): Promise<string[]> {
  const answers = await Promise.all(objects.map((object) => refusal(client, object)));
  return answers.filter((answer) => answer !== "");
}

async function refusal(client: KubeClient, object: KubeObject): Promise<string> {
  const path = await client.pathOf(object.apiVersion, object.kind, object.metadata);
  const query = "fieldManager=ganglion&dryRun=All&fieldValidation=Strict";
  const { status, body } = await client.send(
    "PATCH",
    `${path}?${query}`,
    object,
    "application/apply-patch+yaml",
  );
  if (status === 200 || status === 201) return "";
  const { message } = body as { message?: string };
  return `${object.kind}/${object.metadata.name}: ${status} ${message ?? ""}`;
}
