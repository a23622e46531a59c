// One plugin configuration as Envoy keys it: root id, configuration bytes and plugin name. Two
// pushes with the same key are the same plugin; a different key is a new root context.

export class Plugin {
  readonly key: string;

  constructor(
    readonly name: string,
    readonly rootId: string,
    readonly configuration: Uint8Array,
  ) {
    this.key = `${rootId}||${Buffer.from(configuration).toString("latin1")}||${name}`;
  }
}

const utf8 = new TextEncoder();

export function configurationBytes(configuration: string | Uint8Array): Uint8Array {
  return typeof configuration === "string" ? utf8.encode(configuration) : configuration.slice();
}
