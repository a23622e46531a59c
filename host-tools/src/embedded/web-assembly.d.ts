// The part of the WebAssembly JavaScript API used here. TypeScript has it only in lib "dom", which
// would also let browser globals slip into a Node program.

declare namespace WebAssembly {
  type ImportValue = ((...args: never[]) => number | bigint | void) | Memory;
  type Imports = Record<string, Record<string, ImportValue>>;

  interface Descriptor {
    readonly name: string;
    readonly kind: "function" | "global" | "memory" | "table" | "tag";
  }

  class Module {
    constructor(bytes: Uint8Array);
    static exports(module: Module): Descriptor[];
    static imports(module: Module): (Descriptor & { readonly module: string })[];
  }

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Record<string, unknown>;
  }

  class Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }

  class RuntimeError extends Error {}
  class LinkError extends Error {}
}
