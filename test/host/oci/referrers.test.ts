// What is said about an image beside it: listed by the registry, or by the client under a tag, and
// never believed further than its digests go.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  buildImage,
  findReferrers,
  parseReference,
  pushImage,
  pushReferrer,
  readReferrer,
  type Referral,
  Registry,
} from "../../../host-tools/src/oci";
import { registryOptions } from "../../../host-tools/src/oci/registry-options";
import { FakeRegistry, stepOf } from "./fake-registry";
import { choices, codeOf, sampleModule } from "./sample";

const IMAGE = buildImage(sampleModule(500), "artifact");
const SUBJECT = {
  mediaType: IMAGE.manifest.mediaType,
  digest: IMAGE.digest,
  size: IMAGE.manifestBytes.length,
};
const TAG = IMAGE.digest.replace(":", "-");
const said = (text: string, artifactType = "text/said"): Referral => ({
  artifactType,
  mediaType: "text/plain",
  content: Buffer.from(text),
});

let fake: FakeRegistry;
let registry: Registry;
beforeEach(async () => {
  fake = await FakeRegistry.start();
  const reference = parseReference(`${fake.host}/ganglion:1`);
  registry = new Registry(reference, registryOptions(reference, "push", choices()));
  await pushImage(IMAGE, `${fake.host}/ganglion:1`, choices());
});
afterEach(() => fake.stop());

const texts = async (artifactType = "text/said") => {
  const entries = await findReferrers(registry, IMAGE.digest, artifactType);
  const read = entries.map((entry) => readReferrer(registry, entry, IMAGE.digest, 100));
  return (await Promise.all(read)).map((bytes) => Buffer.from(bytes).toString());
};

describe.each([true, false])("a registry that lists referrers: %s", (listsReferrers) => {
  beforeEach(() => {
    fake.listsReferrers = listsReferrers;
  });

  it("gives back what was said, by kind, in order", async () => {
    expect(await texts()).toEqual([]);
    await pushReferrer(registry, SUBJECT, said("one"));
    await pushReferrer(registry, SUBJECT, said("other", "text/other"));
    await pushReferrer(registry, SUBJECT, said("two"));
    expect(await texts()).toEqual(["one", "two"]);
    expect(await texts("text/other")).toEqual(["other"]);
    expect(fake.tags.has(TAG)).toBe(!listsReferrers);
  });

  it("lists the same thing once", async () => {
    await pushReferrer(registry, SUBJECT, said("one"));
    await pushReferrer(registry, SUBJECT, said("one"));
    expect(await texts()).toEqual(["one"]);
  });
});

describe("the list under a tag", () => {
  it("loses nothing that somebody else adds in the same moment", async () => {
    const other = new Registry(
      parseReference(`${fake.host}/ganglion:1`),
      registryOptions(parseReference(`${fake.host}/ganglion:1`), "push", choices()),
    );
    const all = ["a", "b", "c", "d"].map((text, i) =>
      pushReferrer(i % 2 ? registry : other, SUBJECT, said(text)),
    );
    await Promise.all(all);
    expect((await texts()).sort()).toEqual(["a", "b", "c", "d"]);
  });

  it("is given up after five lists that somebody else overwrote", async () => {
    fake.fault = (request, response) => {
      if (stepOf(request) !== "PUT tag") return false;
      response.writeHead(201).end();
      return true;
    };
    expect(await codeOf(pushReferrer(registry, SUBJECT, said("one")))).toBe(
      "E_REFERRERS_OVERTAKEN",
    );
  });

  it.each(["no JSON", '{"manifests":7}', '{"manifests":[{"digest":"sha256:x"}]}'])(
    "is refused as %s",
    async (text) => {
      fake.fault = (request, response) => {
        if (stepOf(request) !== "GET tag") return false;
        response.writeHead(200).end(text);
        return true;
      };
      expect(await codeOf(texts())).toBe("E_OCI_MANIFEST");
    },
  );
});

describe("a referrer", () => {
  it("that speaks of another image is refused", async () => {
    const digest = await pushReferrer(
      registry,
      { ...SUBJECT, digest: `sha256:${"0".repeat(64)}` },
      said("one"),
    );
    const entry = { ...SUBJECT, digest };
    expect(await codeOf(readReferrer(registry, entry, IMAGE.digest, 100))).toBe("E_OCI_MANIFEST");
  });

  it("that is larger than it may be is refused unread", async () => {
    await pushReferrer(registry, SUBJECT, said("x".repeat(101)));
    const before = fake.steps().filter((step) => step === "GET blob").length;
    expect(await codeOf(texts())).toBe("E_OCI_MANIFEST");
    expect(fake.steps().filter((step) => step === "GET blob").length).toBe(before);
  });
});
