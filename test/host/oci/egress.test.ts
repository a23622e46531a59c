import { describe, expect, it } from "vitest";
import { checkRealm, checkRedirect, classify } from "../../../host-tools/src/oci/egress";
import { codeOf } from "./sample";

const policy = (apiHost: string, address = "203.0.113.7", trustedHosts: string[] = []) => ({
  apiHost,
  plainHttp: false,
  trustedHosts,
  resolveHost: async () => [address],
});

describe("an address", () => {
  it.each([
    ["127.9.9.9", "loopback"],
    ["::1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["localhost", "loopback"],
    ["a.localhost", "loopback"],
    ["10.0.0.1", "private"],
    ["172.16.0.1", "private"],
    ["172.32.0.1", "public"],
    ["192.168.0.1", "private"],
    ["100.100.100.200", "private"],
    ["fc00::1", "private"],
    ["169.254.169.254", "forbidden"],
    ["::ffff:a9fe:a9fe", "forbidden"],
    ["fe80::1%eth0", "forbidden"],
    ["fd00:ec2::254", "forbidden"],
    ["0.0.0.0", "forbidden"],
    ["::", "forbidden"],
    ["224.0.0.1", "forbidden"],
    ["203.0.113.7", "public"],
    ["2001:db8::1", "public"],
    ["a.test", "public"],
  ])("%s is %s", (host, expected) => {
    expect(classify(host)).toBe(expected);
  });
});

describe("a token service", () => {
  it.each([
    ["https://a.test/token", "a.test"],
    ["https://a.test/token", "a.test:5000"],
    ["https://A.TEST./token", "a.test"],
    ["https://auth.docker.io/token", "registry-1.docker.io"],
    ["https://gitlab.com/jwt/auth", "registry.gitlab.com"],
    ["http://127.0.0.1:5001/token", "127.0.0.1:5000"],
  ])("at %s serves the registry %s", async (realm, apiHost) => {
    expect(await codeOf(checkRealm(realm, policy(apiHost)))).toBe("none");
  });

  it.each([
    ["http://a.test/token", "a.test"],
    ["https://auth.docker.io/token", "a.test"],
    ["https://auth.a.test/token", "a.test"],
    ["http://127.0.0.1/token", "a.test"],
    ["https://a.test@evil.test/token", "a.test"],
    ["javascript:alert(1)", "a.test"],
  ])("at %s does not serve the registry %s", async (realm, apiHost) => {
    expect(await codeOf(checkRealm(realm, policy(apiHost)))).toBe("E_REGISTRY_REALM");
  });

  it("on another host is allowed by name, even a private one, never a metadata one", async () => {
    const check = (address: string, trusted: string[]) =>
      codeOf(checkRealm("https://sso.a.test/token", policy("a.test", address, trusted)));
    expect(await check("10.0.0.9", ["sso.a.test"])).toBe("none");
    expect(await check("203.0.113.9", [])).toBe("E_REGISTRY_REALM");
    expect(await check("169.254.169.254", ["sso.a.test"])).toBe("E_REGISTRY_REALM");
  });
});

describe("a redirect", () => {
  const check = (url: string, address: string, trusted: string[] = []) =>
    codeOf(checkRedirect(new URL(url), policy("a.test", address, trusted)));

  it("to a public store over TLS is followed", async () => {
    expect(await check("https://store.test/x?sig=1", "203.0.113.9")).toBe("none");
  });

  it("to a private store is followed only by name", async () => {
    expect(await check("https://store.test/x", "10.0.0.9")).toBe("E_REGISTRY_REDIRECT");
    expect(await check("https://store.test/x", "10.0.0.9", ["store.test"])).toBe("none");
  });

  it("to this machine is not followed from elsewhere", async () => {
    expect(await check("https://localhost/x", "127.0.0.1")).toBe("E_REGISTRY_REDIRECT");
    expect(await check("http://127.0.0.1/x", "127.0.0.1")).toBe("E_REGISTRY_REDIRECT");
    expect(await check("https://rebind.test/x", "127.0.0.1")).toBe("E_REGISTRY_REDIRECT");
  });
});
