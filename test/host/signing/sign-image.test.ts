// Signatures of images: the key's are believed, nobody else's, and only for what was signed.

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildImage, IMAGE_FORMS, pushImage } from "../../../host-tools/src/oci";
import { bundleOf } from "../../../host-tools/src/signing/bundle";
import { encodingOf, signEnvelope } from "../../../host-tools/src/signing/envelope";
import {
  bundleComplaint,
  signImage,
  verifyImage,
} from "../../../host-tools/src/signing/sign-image";
import {
  signatureStatement,
  STATEMENT_PAYLOAD_TYPE,
} from "../../../host-tools/src/signing/statement";
import { FakeRegistry } from "../oci/fake-registry";
import { choices, codeOf, sampleModule } from "../oci/sample";

const ours = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const theirs = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const IMAGE = buildImage(sampleModule(500), "artifact");

let fake: FakeRegistry;
beforeEach(async () => {
  fake = await FakeRegistry.start();
  await pushImage(IMAGE, `${fake.host}/ganglion:1`, choices());
});
afterEach(() => fake.stop());

const sign = (key: KeyObject, target = `${fake.host}/ganglion:1`) =>
  signImage(target, key, choices());
const verify = (key: KeyObject, target = `${fake.host}/ganglion:1`) =>
  verifyImage(target, key, choices());

describe("an image", () => {
  it.each(IMAGE_FORMS)(
    "in the %s form that is signed is verified, by tag and digest",
    async (form) => {
      const image = buildImage(sampleModule(900), form);
      await pushImage(image, `${fake.host}/other:1`, choices());
      const signed = await sign(ours.privateKey, `${fake.host}/other:1`);
      expect(signed).toMatchObject({
        reference: `oci://${fake.host}/other@${image.digest}`,
        digest: image.digest,
      });
      expect(await verify(ours.publicKey, `${fake.host}/other:1`)).toBe(signed.reference);
      expect(await verify(ours.publicKey, signed.reference)).toBe(signed.reference);
    },
  );

  it("without a signature is refused", async () => {
    expect(await codeOf(verify(ours.publicKey))).toBe("E_SIGNATURE_MISSING");
  });

  it("with another key's signature is refused, with both it is verified", async () => {
    await sign(theirs.privateKey);
    expect(await codeOf(verify(ours.publicKey))).toBe("E_SIGNATURE_INVALID");
    await sign(ours.privateKey);
    expect(await codeOf(verify(ours.publicKey))).toBe("none");
  });

  it("whose layer was changed under its signature is refused", async () => {
    await sign(ours.privateKey);
    const layer = IMAGE.manifest.layers[1]!.digest;
    fake.blobs.get(layer)!.writeUInt8(1, 20);
    expect(await codeOf(verify(ours.publicKey))).toBe("E_OCI_DIGEST");
  });

  it("that its tag was moved to is not covered by the old one's signature", async () => {
    await sign(ours.privateKey);
    await pushImage(
      buildImage(sampleModule(501), "artifact"),
      `${fake.host}/ganglion:1`,
      choices(),
    );
    expect(await codeOf(verify(ours.publicKey))).toBe("E_SIGNATURE_MISSING");
  });
});

describe("a bundle", () => {
  const digest = IMAGE.digest;
  const made = (payload: Uint8Array, type = STATEMENT_PAYLOAD_TYPE) =>
    bundleOf(signEnvelope(type, payload, ours.privateKey), ours.publicKey);
  const complaint = (bytes: Uint8Array) => bundleComplaint(bytes, digest, ours.publicKey);
  const altered = (change: (bundle: Record<string, any>) => void) => {
    const bundle = JSON.parse(Buffer.from(made(signatureStatement(digest))).toString());
    change(bundle);
    return Buffer.from(JSON.stringify(bundle));
  };

  it("of the image's statement is believed", () => {
    expect(complaint(made(signatureStatement(digest)))).toBeUndefined();
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    ["another image", () => made(signatureStatement(`sha256:${"1".repeat(64)}`)), /another image/],
    ["another type of payload", () => made(signatureStatement(digest), "text/plain"), /payload/],
    ["something that is no statement", () => made(Buffer.from("{}")), /is not https:\/\/in-toto/],
    ["no JSON", () => made(Buffer.from("x")), /not JSON/],
    [
      "another predicate",
      () =>
        made(
          Buffer.from(Buffer.from(signatureStatement(digest)).toString().replace("sign/v1", "x")),
        ),
      /not that the image is signed/,
    ],
    ["a changed payload", () => altered((it) => (it.dsseEnvelope.payload += "ICA=")), /altered/],
    ["a changed type", () => altered((it) => (it.dsseEnvelope.payloadType = "x")), /payload/],
    ["no signature", () => altered((it) => (it.dsseEnvelope.signatures = [])), /0 signatures/],
    [
      "nine signatures",
      () => altered((it) => (it.dsseEnvelope.signatures = Array(9).fill({ sig: "" }))),
      /9/,
    ],
    [
      "an empty signature",
      () => altered((it) => (it.dsseEnvelope.signatures = [{ sig: "" }])),
      /altered/,
    ],
    ["no envelope", () => altered((it) => delete it.dsseEnvelope), /no DSSE/],
    ["another version", () => altered((it) => (it.mediaType += "x")), /it is no/],
    ["no bundle at all", () => Buffer.from("\0"), /not JSON/],
  ])("with %s is not", (_, make, reason) => {
    expect(complaint(make())).toMatch(reason);
  });

  it("signs type and lengths along with the payload", () => {
    expect(encodingOf("http://example.com/HelloWorld", Buffer.from("hello world")).toString()).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });
});
