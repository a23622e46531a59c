// A client of the OCI distribution API for one repository. The npm packages that do this lack push,
// or credential helpers, or come with their own dependencies, and none restricts where a registry
// may send it.
//
// Each call is retried as a whole with the same bounds (retry.ts). An upload is one call (HEAD, and
// what upload.ts does): a try that cannot go on where the last one stopped asks again whether the
// blob is there.

import { GanglionError } from "../lib/errors";
import { Authorizer } from "./authorizer";
import { digestOf, isDigest, verifyDigest } from "./digest";
import { checkRedirect, type EgressPolicy, registryOrigin } from "./egress";
import {
  type Answer,
  type Call,
  ConnectionError,
  exchange,
  type ExchangeRequest,
  transferTimeoutMs,
} from "./exchange";
import type { ImageBlob } from "./image";
import { type Descriptor, MediaType } from "./media-types";
import type { Reference } from "./reference";
import type { RegistryOptions } from "./registry-options";
import { connectionError, exchangeName, statusError } from "./registry-error";
import { type Attempt, retrying } from "./retry";
import { sendBlob, type UploadDoor } from "./upload";

const CONTROL_TIMEOUT_MS = 15_000;
const CONTROL_ANSWER_MAX_BYTES = 64 * 1024;
/** The specification asks registries to take manifests of at least this size, and not more. */
const MANIFEST_MAX_BYTES = 4 * 1024 * 1024;
const REDIRECTS_MAX = 3;
const REDIRECT_STATUSES: readonly number[] = [301, 302, 303, 307, 308];

export interface PulledManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly digest: string;
}

export interface StoredManifest {
  /** The registry lists it itself among what refers to its subject. */
  readonly isListed: boolean;
}

export class Registry {
  readonly #repository: string;
  readonly #options: RegistryOptions;
  readonly #policy: EgressPolicy;
  readonly #origin: URL;
  readonly #authorizer: Authorizer;
  readonly #scope: string;

  /** @throws GanglionError E_REGISTRY_ADDRESS for a host that is never called */
  constructor(reference: Pick<Reference, "apiHost" | "repository">, options: RegistryOptions) {
    this.#repository = reference.repository;
    this.#options = options;
    this.#policy = { ...options, apiHost: reference.apiHost };
    this.#origin = registryOrigin(this.#policy);
    const actions = options.access === "push" ? "pull,push" : "pull";
    this.#scope = `repository:${reference.repository}:${actions}`;
    this.#authorizer = new Authorizer(this.#policy, options.credential, (request, action) =>
      this.#retry(() => this.#attemptPlain(request, action)),
    );
  }

  /** Resolves when the host speaks the distribution API and lets us in. */
  async ping(): Promise<void> {
    const answer = await this.#call({ method: "GET", url: new URL("/v2/", this.#origin) }, "ping");
    if (answer.status !== 200) throw this.#statusError("ping", answer);
  }

  /** Whether the repository holds the blob. */
  async hasBlob(descriptor: Descriptor): Promise<boolean> {
    return this.#retry(() => this.#hasBlobAttempt(descriptor));
  }

  /**
   * Brings a blob into the repository unless it is there.
   *
   * @returns whether it had to be sent
   */
  async uploadBlob(blob: ImageBlob): Promise<boolean> {
    return this.#retry(async () => {
      const present = await this.#hasBlobAttempt(blob.descriptor);
      if (!present.done) return present;
      if (present.value) return { done: true, value: false };
      return sendBlob(blob, this.#uploadDoor(`upload of blob ${blob.descriptor.digest}`));
    });
  }

  /**
   * Stores a manifest under a tag or under its digest.
   *
   * @returns what the registry said of it
   * @throws GanglionError E_OCI_DIGEST when the registry says that it stored other bytes
   */
  async putManifest(
    tagOrDigest: string,
    manifestBytes: Uint8Array,
    mediaType: string = MediaType.manifest,
  ): Promise<StoredManifest> {
    const action = `write of manifest ${tagOrDigest}`;
    const answer = await this.#call(
      {
        method: "PUT",
        url: this.#url(`manifests/${tagOrDigest}`),
        headers: { "content-type": mediaType },
        body: manifestBytes,
      },
      action,
    );
    if (answer.status !== 201) throw this.#statusError(action, answer);
    this.#checkStated(answer, digestOf(manifestBytes), action);
    return { isListed: answer.headers.get("oci-subject") !== null };
  }

  /**
   * Reads a manifest; by digest, the bytes are the ones asked for.
   *
   * @throws GanglionError E_OCI_DIGEST
   */
  async getManifest(tagOrDigest: string): Promise<PulledManifest> {
    const found = await this.findManifest(tagOrDigest, MediaType.manifest, true);
    return found as PulledManifest;
  }

  /**
   * As getManifest, of another kind of manifest, or of one that need not be there.
   *
   * @param isNeeded whether it is an error that there is none
   */
  async findManifest(
    tagOrDigest: string,
    accept: string,
    isNeeded = false,
  ): Promise<PulledManifest | undefined> {
    const action = `read of manifest ${tagOrDigest}`;
    const answer = await this.#call(
      {
        method: "GET",
        url: this.#url(`manifests/${tagOrDigest}`),
        headers: { accept },
        answerMaxBytes: MANIFEST_MAX_BYTES,
      },
      action,
    );
    if (answer.status === 404 && !isNeeded) return undefined;
    if (answer.status !== 200) throw this.#statusError(action, answer);
    const digest = digestOf(answer.body);
    if (isDigest(tagOrDigest)) verifyDigest(answer.body, tagOrDigest, this.#name(action));
    this.#checkStated(answer, digest, action);
    const mediaType = (answer.headers.get("content-type") ?? "").split(";")[0]?.trim() ?? "";
    return { bytes: answer.body, mediaType, digest };
  }

  /**
   * The index of what says something about a manifest, where the registry keeps one itself
   * (distribution specification 1.1).
   *
   * @returns undefined where it does not
   */
  async getReferrers(digest: string): Promise<Uint8Array | undefined> {
    const action = `read of referrers ${digest}`;
    const url = this.#url(`referrers/${digest}`);
    const call = { method: "GET" as const, url, headers: { accept: MediaType.index } };
    const answer = await this.#call({ ...call, answerMaxBytes: MANIFEST_MAX_BYTES }, action);
    // Without the API a registry takes the path for one that does not exist, or for a bad one.
    if ([400, 404, 405, 501].includes(answer.status)) return undefined;
    if (answer.status !== 200) throw this.#statusError(action, answer);
    return answer.body;
  }

  /**
   * Reads a blob, following redirects to where the policy lets it (egress.ts).
   *
   * @throws GanglionError E_OCI_DIGEST, E_REGISTRY_REDIRECT
   */
  async getBlob(descriptor: Descriptor): Promise<Uint8Array> {
    const action = `read of blob ${descriptor.digest}`;
    let url = this.#url(`blobs/${descriptor.digest}`);
    for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
      const answer = await this.#call(
        {
          method: "GET",
          url,
          timeoutMs: transferTimeoutMs(descriptor.size),
          answerMaxBytes: Math.max(descriptor.size, CONTROL_ANSWER_MAX_BYTES),
        },
        action,
      );
      if (answer.status === 200) {
        return verifyDigest(answer.body, descriptor.digest, this.#name(action));
      }
      if (!REDIRECT_STATUSES.includes(answer.status)) throw this.#statusError(action, answer);
      url = this.#location(answer, url, action);
      await checkRedirect(url, this.#policy);
    }
    throw new GanglionError(
      "E_REGISTRY_REDIRECT",
      `${this.#name(action)}: more than ${REDIRECTS_MAX} redirects`,
      { hint: "The registry or its store sends readers in a circle; its operator has to look." },
    );
  }

  async #hasBlobAttempt(descriptor: Descriptor): Promise<Attempt<boolean>> {
    const action = `look-up of blob ${descriptor.digest}`;
    const url = this.#url(`blobs/${descriptor.digest}`);
    const attempt = await this.#attempt({ method: "HEAD", url }, action);
    if (!attempt.done) return attempt;
    const answer = attempt.value;
    if (answer.status === 404) return { done: true, value: false };
    // A registry that keeps blobs in an object store points there, once it has found the blob.
    if (REDIRECT_STATUSES.includes(answer.status)) return { done: true, value: true };
    if (answer.status !== 200) throw this.#statusError(action, answer);
    const statedBytes = answer.headers.get("content-length");
    if (statedBytes !== null && Number(statedBytes) !== descriptor.size) {
      throw new GanglionError(
        "E_REGISTRY_BLOB_SIZE",
        `${this.#name(action)}: it holds ${statedBytes} bytes, the blob has ${descriptor.size}`,
        { hint: "The registry's copy is damaged; delete the blob there, then push again." },
      );
    }
    return { done: true, value: true };
  }

  #uploadDoor(action: string): UploadDoor {
    return {
      start: this.#url("blobs/uploads/"),
      what: this.#name(action),
      attempt: (call) => this.#attempt(call, action),
      retry: (attempt) => this.#retry(attempt),
      location: (answer, base) => {
        const session = this.#location(answer, base, action);
        if (session.origin === this.#origin.origin) return session;
        throw new GanglionError(
          "E_REGISTRY_REDIRECT",
          `${this.#name(action)}: sent on to ${session.origin}, uploads stay with the registry`,
          {
            hint: "Name the registry by that host, or set its public address (relative URLs) there.",
          },
        );
      },
      statusError: (answer) => this.#statusError(action, answer),
      checkStated: (answer, digest) => this.#checkStated(answer, digest, action),
    };
  }

  #call(call: Call, action: string): Promise<Answer> {
    return this.#retry(() => this.#attempt(call, action));
  }

  #retry<T>(attempt: () => Promise<Attempt<T>>): Promise<T> {
    return retrying(attempt, this.#options.clock, this.#options.prng);
  }

  /** One try of a call, with our authorization if it goes to the registry itself. */
  #attempt(call: Call, action: string): Promise<Attempt<Answer>> {
    if (call.url.origin !== this.#origin.origin) return this.#attemptPlain(call, action);
    return this.#judged(action, async (what) => {
      const answer = await this.#exchange(call, what, this.#authorizer.headerFor(this.#scope));
      if (answer.status !== 401) return answer;
      const asked = answer.headers.get("www-authenticate") ?? "";
      return this.#exchange(call, what, await this.#authorizer.answer(asked, this.#scope));
    });
  }

  /** One try that carries no authorization of ours: to a token service or an object store. */
  #attemptPlain(call: Call, action: string): Promise<Attempt<Answer>> {
    return this.#judged(action, (what) => this.#exchange(call, what, undefined));
  }

  async #judged(action: string, run: (what: string) => Promise<Answer>): Promise<Attempt<Answer>> {
    const what = this.#name(action);
    try {
      const answer = await run(what);
      if (answer.status === 429 || (answer.status >= 500 && answer.status !== 501)) {
        const retryAfter = answer.headers.get("retry-after") ?? undefined;
        return { done: false, error: statusError(what, answer), retryAfter };
      }
      return { done: true, value: answer };
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      return { done: false, error: connectionError(what, error) };
    }
  }

  #exchange(call: Call, what: string, authorization: string | undefined): Promise<Answer> {
    const headers = {
      "user-agent": "ganglion",
      ...call.headers,
      ...(authorization ? { authorization } : {}),
    };
    const request: ExchangeRequest = {
      timeoutMs: CONTROL_TIMEOUT_MS,
      answerMaxBytes: CONTROL_ANSWER_MAX_BYTES,
      ...call,
      headers,
    };
    return exchange(request, what, this.#options.fetch);
  }

  #url(path: string): URL {
    return new URL(`/v2/${this.#repository}/${path}`, this.#origin);
  }

  #location(answer: Answer, base: URL, action: string): URL {
    const location = answer.headers.get("location");
    try {
      if (location !== null) return new URL(location, base);
    } catch {
      // Said below: a location that is no address is as good as none.
    }
    throw new GanglionError(
      "E_REGISTRY_STATUS",
      `${this.#name(action)}: status ${answer.status} without a usable Location`,
      { hint: "Check that the address is an OCI registry's (distribution specification 1.x)." },
    );
  }

  #checkStated(answer: Answer, digest: string, action: string): void {
    const stated = answer.headers.get("docker-content-digest");
    if (stated === null || stated === digest) return;
    throw new GanglionError(
      "E_OCI_DIGEST",
      `${this.#name(action)}: the registry says ${stated}, the content is ${digest}`,
      {
        hint: "Something between here and the registry alters content; do not use what it stored.",
      },
    );
  }

  #statusError(action: string, answer: Answer): GanglionError {
    return statusError(this.#name(action), answer);
  }

  #name(action: string): string {
    return exchangeName(this.#policy.apiHost, this.#repository, action);
  }
}
