// Keys and signatures as cosign 3.1.3 wrote them: `cosign generate-key-pair` and `cosign sign` made
// what is in cosign/, for tests and nothing else.

import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buildImage } from "../../../host-tools/src/oci";
import { privateKey, publicKey } from "../../../host-tools/src/signing/key";
import { openSecretbox } from "../../../host-tools/src/signing/secretbox";
import { bundleComplaint } from "../../../host-tools/src/signing/sign-image";
import { sampleModule } from "../oci/sample";

const file = (name: string) => readFileSync(new URL(`cosign/${name}`, import.meta.url), "utf8");
const PASSWORD = "only for tests";
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return "none";
};

describe("cosign's encrypted key", () => {
  const pem = file("cosign.key");

  it("opens with its password, and is the private half of its public one", () => {
    const half = createPublicKey(privateKey(pem, PASSWORD, "key"));
    expect(half.export({ type: "spki", format: "pem" })).toBe(file("cosign.pub"));
  });

  it("stays closed with another password, and says so without one", () => {
    expect(codeOf(() => privateKey(pem, "another", "key"))).toBe("E_KEY_PASSWORD");
    expect(codeOf(() => privateKey(pem, undefined, "key"))).toBe("E_KEY_PASSWORD");
  });

  const changed = (change: (json: Record<string, any>) => void) => {
    const body = /-\n([^-]+)\n-/.exec(pem)![1]!;
    const json = JSON.parse(Buffer.from(body, "base64").toString()) as Record<string, any>;
    change(json);
    const base64 = Buffer.from(JSON.stringify(json)).toString("base64");
    return pem.replace(body, base64);
  };
  it.each<[string, (json: Record<string, any>) => void, string]>([
    [
      "a byte of the ciphertext",
      (it) => (it.ciphertext = `A${it.ciphertext.slice(1)}`),
      "E_KEY_PASSWORD",
    ],
    ["the nonce", (it) => (it.cipher.nonce = it.cipher.nonce.replace(/^./, "!")), "E_KEY"],
    ["work for a year", (it) => (it.kdf.params.N = 2 ** 30), "E_KEY"],
    ["memory for a house", (it) => (it.kdf.params.r = 65), "E_KEY"],
    ["an N that is no power of two", (it) => (it.kdf.params.N = 65_535), "E_KEY"],
    ["another cipher", (it) => (it.cipher.name = "none"), "E_KEY"],
    ["no derivation", (it) => delete it.kdf, "E_KEY"],
  ])("with %s changed is refused", (_, change, code) => {
    expect(codeOf(() => privateKey(changed(change), PASSWORD, "key"))).toBe(code);
  });
});

describe("a key", () => {
  const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const pemOf = (key: typeof ec.privateKey, type: "pkcs8" | "sec1") =>
    key.export({ type, format: "pem" }).toString();

  it.each(["pkcs8", "sec1"] as const)("in plain PEM, %s, is taken", (type) => {
    expect(privateKey(pemOf(ec.privateKey, type), undefined, "key").type).toBe("private");
  });

  it("in encrypted PEM asks for its password", () => {
    const pem = ec.privateKey.export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: PASSWORD,
    });
    expect(privateKey(pem.toString(), PASSWORD, "key").type).toBe("private");
    expect(codeOf(() => privateKey(pem.toString(), undefined, "key"))).toBe("E_KEY_PASSWORD");
  });

  it("of another curve or kind is refused", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "secp384r1" });
    const edwards = generateKeyPairSync("ed25519");
    for (const { privateKey: key } of [other, edwards]) {
      expect(codeOf(() => privateKey(pemOf(key, "pkcs8"), undefined, "key"))).toBe("E_KEY");
    }
    expect(codeOf(() => publicKey("no key", "key"))).toBe("E_KEY");
    expect(codeOf(() => publicKey(file("cosign.key"), "key"))).toBe("E_KEY");
  });
});

describe("a signature of cosign's", () => {
  const { digest } = buildImage(sampleModule(500), "artifact");
  const bundle = readFileSync(new URL("cosign/bundle.json", import.meta.url));

  it("is believed for the image that it was made for, and for no other", () => {
    const key = publicKey(file("cosign.pub"), "key");
    expect(bundleComplaint(bundle, digest, key)).toBeUndefined();
    expect(bundleComplaint(bundle, `sha256:${"0".repeat(64)}`, key)).toMatch(/another image/);
  });
});

describe("a secretbox", () => {
  const hex = (text: string) => Buffer.from(text, "hex");
  // The example of "Cryptography in NaCl", section 10.
  const key = hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
  const nonce = hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
  const message = hex(
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c" +
      "61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f" +
      "21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705",
  );
  const box = hex(
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1" +
      "186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab9321645" +
      "48e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b" +
      "1f654cb45a74e355a5",
  );

  it("opens to its published message", () => {
    expect(Buffer.from(openSecretbox(box, nonce, key) ?? [])).toEqual(message);
  });

  it("stays closed when any bit of it is another", () => {
    for (let at = 0; at < box.length; at++) {
      const other = Buffer.from(box);
      other[at]! ^= 1 << (at % 8);
      expect(openSecretbox(other, nonce, key)).toBeUndefined();
    }
    expect(openSecretbox(box.subarray(0, 15), nonce, key)).toBeUndefined();
  });
});
