// The admin of a running Envoy at an address that a person typed: its pages, and what to say when there
// is none.

import { ExitCode, GanglionError } from "../lib/errors";
import { httpPage } from "../lib/http-page";

const TIMEOUT_MS = 10_000;
const FORWARD =
  "In a cluster: kubectl port-forward -n NAMESPACE POD 15000, then --admin 127.0.0.1:15000.";

/** Codes of the errors, those of the command that asks, and how long a page it expects. */
export interface AdminChoices {
  /** For what is no `HOST:PORT`. */
  readonly address: string;
  /** For what is no admin of an Envoy. */
  readonly admin: string;
  readonly bytesMax: number;
}

export class EnvoyAdminPages {
  private readonly host: string;
  private readonly port: number;

  /** @throws GanglionError with `choices.address` */
  constructor(
    private readonly address: string,
    private readonly choices: AdminChoices,
  ) {
    const parts = /^(.+):(\d{1,5})$/.exec(address);
    this.host = (parts?.[1] ?? "").replace(/^\[(.*)\]$/, "$1");
    this.port = Number(parts?.[2]);
    if (this.port >= 1 && this.port <= 65_535) return;
    throw new GanglionError(choices.address, `--admin ${address} is not HOST:PORT`, {
      hint: FORWARD,
      exitCode: ExitCode.usage,
    });
  }

  /** @throws GanglionError with `choices.admin` */
  async read(path: string): Promise<string> {
    const place = { host: this.host, port: this.port, path };
    const bounds = { timeoutMs: TIMEOUT_MS, bytesMax: this.choices.bytesMax };
    const { status, text } = await httpPage(place, bounds).catch((cause: Error) => {
      throw this.refusal(cause.message);
    });
    if (status === 200) return text;
    throw this.refusal(`it answered ${status} to ${path.replace(/\?.*/, "")}`);
  }

  /** What to say of an address behind which there is no admin of an Envoy. */
  refusal(reason: string): GanglionError {
    return new GanglionError(this.choices.admin, `cannot ask Envoy at ${this.address}: ${reason}`, {
      hint: FORWARD,
    });
  }
}
