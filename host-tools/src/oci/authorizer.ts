// Turns the user's credential into the Authorization header of a registry that asked for one.
// Nothing is sent before it is asked for: an anonymous pull needs no secret, and the challenge says
// which kind it is.
//
//   401 Basic  -> the user name and password themselves
//   401 Bearer -> a token from the realm, by GET with Basic or by POST with a refresh token

import { GanglionError } from "../lib/errors";
import { type Challenge, parseChallenges } from "./challenge";
import type { Credential } from "./credentials";
import { checkRealm, type EgressPolicy } from "./egress";
import type { Answer, ExchangeRequest } from "./exchange";

const TOKEN_TIMEOUT_MS = 15_000;
const TOKEN_ANSWER_MAX_BYTES = 64 * 1024;
const CLIENT_ID = "ganglion";

/** Sends a request with the registry's retries; only its failures below HTTP throw. */
export type Send = (request: ExchangeRequest, action: string) => Promise<Answer>;

export class Authorizer {
  readonly #policy: EgressPolicy;
  readonly #credential: () => Promise<Credential>;
  readonly #send: Send;
  #cachedCredential: Promise<Credential> | undefined;
  readonly #headers = new Map<string, string>();

  constructor(policy: EgressPolicy, credential: () => Promise<Credential>, send: Send) {
    this.#policy = policy;
    this.#credential = credential;
    this.#send = send;
  }

  /** The header for a scope, if an earlier challenge has been answered. */
  headerFor(scope: string): string | undefined {
    return this.#headers.get(scope);
  }

  /**
   * Answers a 401; the new header is remembered for the scope.
   *
   * @param scope what is going to be done, e.g. `repository:team/ganglion:pull,push`
   * @throws GanglionError E_REGISTRY_AUTH, E_REGISTRY_REALM
   */
  async answer(wwwAuthenticate: string, scope: string): Promise<string> {
    const challenges = parseChallenges(wwwAuthenticate);
    const credential = await (this.#cachedCredential ??= this.#credential());
    const header = await this.#headerFor(challenges, credential, scope);
    this.#headers.set(scope, header);
    return header;
  }

  async #headerFor(
    challenges: readonly Challenge[],
    credential: Credential,
    scope: string,
  ): Promise<string> {
    const bearer = challenges.find((challenge) => challenge.scheme === "bearer");
    if (bearer !== undefined) {
      if (credential.kind === "registry-token") return `Bearer ${credential.token}`;
      return `Bearer ${await this.#fetchToken(bearer, credential, scope)}`;
    }
    if (challenges.some((challenge) => challenge.scheme === "basic")) {
      if (credential.kind === "basic") return basicHeader(credential);
      throw this.#authError("asks for a user name and password and none are stored");
    }
    const schemes = challenges.map((challenge) => challenge.scheme).join(", ") || "nothing";
    throw this.#authError(`asks for ${schemes} where Basic or Bearer is known`);
  }

  async #fetchToken(bearer: Challenge, credential: Credential, scope: string): Promise<string> {
    const realm = await checkRealm(bearer.parameters.get("realm") ?? "", this.#policy);
    const service = bearer.parameters.get("service");
    const fields = new URLSearchParams();
    if (service !== undefined) fields.set("service", service);
    fields.set("scope", scope);
    const request: ExchangeRequest =
      credential.kind === "identity-token"
        ? refreshRequest(realm, fields, credential.token)
        : tokenRequest(realm, fields, credential);
    const answer = await this.#send(request, "token request");
    if (answer.status !== 200) {
      const who = credential.kind === "anonymous" ? "without credentials" : "with the stored ones";
      throw this.#authError(`token service ${realm.host} answered ${answer.status} ${who}`);
    }
    return this.#tokenIn(answer.body, realm);
  }

  #tokenIn(body: Uint8Array, realm: URL): string {
    const token = tokenField(body);
    if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
      throw this.#authError(`token service ${realm.host} answered without a token`);
    }
    return token;
  }

  #authError(problem: string): GanglionError {
    const host = this.#policy.apiHost;
    return new GanglionError("E_REGISTRY_AUTH", `registry ${host}: ${problem}`, {
      hint: `Run \`docker login ${host}\` with an account that may push there, then try again.`,
    });
  }
}

function tokenRequest(
  realm: URL,
  fields: URLSearchParams,
  credential: Credential,
): ExchangeRequest {
  const url = new URL(realm);
  for (const [key, value] of fields) url.searchParams.set(key, value);
  const headers: Record<string, string> =
    credential.kind === "basic" ? { authorization: basicHeader(credential) } : {};
  return {
    method: "GET",
    url,
    headers,
    timeoutMs: TOKEN_TIMEOUT_MS,
    answerMaxBytes: TOKEN_ANSWER_MAX_BYTES,
  };
}

function refreshRequest(realm: URL, fields: URLSearchParams, token: string): ExchangeRequest {
  fields.set("grant_type", "refresh_token");
  fields.set("client_id", CLIENT_ID);
  fields.set("refresh_token", token);
  return {
    method: "POST",
    url: realm,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: fields.toString(),
    timeoutMs: TOKEN_TIMEOUT_MS,
    answerMaxBytes: TOKEN_ANSWER_MAX_BYTES,
  };
}

function basicHeader(credential: { username: string; password: string }): string {
  const pair = `${credential.username}:${credential.password}`;
  return `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
}

/** The token of a JSON answer; an answer that is none may hold a secret and is not quoted. */
function tokenField(body: Uint8Array): unknown {
  try {
    const parsed = JSON.parse(Buffer.from(body).toString("utf8")) as Record<string, unknown> | null;
    return parsed?.["token"] ?? parsed?.["access_token"];
  } catch {
    return undefined;
  }
}
